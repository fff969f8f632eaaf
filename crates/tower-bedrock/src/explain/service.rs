use super::{ExplainFuture, future::Call};
use crate::{error::Error, operation::Operation, request::Request};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Says of each error which operation, model and Region was called. An error that ends a call without
/// another attempt, such as that of an open circuit or a deadline, tells what the last attempt failed
/// with too, in its text and as its source.
///
/// The leaf names its own errors, and the layers in between do not know the call. So it stands around
/// all of them.
///
/// # Clone
///
/// A clone is a clone of the inner service; no state is shared.
///
/// # Errors
///
/// Those of the inner service. This layer adds none.
#[derive(Debug, Clone)]
pub struct Explain<S> {
    inner: S,
    region: Arc<str>,
}

impl<S> Explain<S> {
    pub(super) fn new(inner: S, region: Arc<str>) -> Self {
        Self { inner, region }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the inner service back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, I> Service<Request<I>> for Explain<S>
where
    S: Service<Request<I>, Error = Error>,
    I: Operation,
{
    type Response = S::Response;
    type Error = Error;
    type Future = ExplainFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<I>) -> Self::Future {
        let attempts = request.note_attempts();
        let call = Call {
            operation: I::NAME,
            model_id: request.model_id().map(Arc::from),
            region: Arc::clone(request.options().region_or(&self.region)),
            attempts,
        };
        ExplainFuture::new(self.inner.call(request), call)
    }
}
