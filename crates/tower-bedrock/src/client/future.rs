use crate::error::Error;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

type Call<R> = dyn Future<Output = Result<R, Error>> + Send;

/// The future of one call to Bedrock, which answers with an `R`.
///
/// It holds the only box of a call.
pub struct ResponseFuture<R> {
    // The SDK's call is an async block, whose type has no name to write here. Boxed, this future
    // has the same type for every client, and is `Unpin` for the layers around it.
    call: Pin<Box<Call<R>>>,
}

impl<R> ResponseFuture<R> {
    pub(crate) fn new(call: impl Future<Output = Result<R, Error>> + Send + 'static) -> Self {
        Self {
            call: Box::pin(call),
        }
    }
}

impl<R> Future for ResponseFuture<R> {
    type Output = Result<R, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.call.as_mut().poll(cx)
    }
}

impl<R> fmt::Debug for ResponseFuture<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
