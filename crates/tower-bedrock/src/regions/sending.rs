use crate::{operation::Operation, request::Request};
use std::task::{Context, Poll};
use tower_service::Service;

/// Notes of each call that it has got its quota and is about to be sent: from then on it moves to no
/// other Region.
///
/// # Clone
///
/// A clone is a clone of the inner service; no state is shared.
#[derive(Debug, Clone)]
pub struct Sending<S> {
    inner: S,
}

impl<S> Sending<S> {
    pub(crate) const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, I> Service<Request<I>> for Sending<S>
where
    S: Service<Request<I>>,
    I: Operation,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> S::Future {
        if let Some(attempts) = &request.options().attempts {
            attempts.sent();
        }
        self.inner.call(request)
    }
}
