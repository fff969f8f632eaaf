use crate::{error::Error, response::Response};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

type Call<O> = dyn Future<Output = Result<Response<O>, Error>> + Send;

/// The future of one call to Bedrock.
///
/// It holds the only box of a call.
pub struct ResponseFuture<O> {
    // The SDK's call is an async block, whose type has no name to write here. Boxed, this future
    // has the same type for every client, and is `Unpin` for the layers around it.
    call: Pin<Box<Call<O>>>,
}

impl<O> ResponseFuture<O> {
    pub(crate) fn new(
        call: impl Future<Output = Result<Response<O>, Error>> + Send + 'static,
    ) -> Self {
        Self {
            call: Box::pin(call),
        }
    }
}

impl<O> Future for ResponseFuture<O> {
    type Output = Result<Response<O>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.call.as_mut().poll(cx)
    }
}

impl<O> fmt::Debug for ResponseFuture<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
