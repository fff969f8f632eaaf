use crate::{operation::Operation, request::Request};
use std::task::{Context, Poll};
use tower_service::Service;

/// Notes of each call that it has got its quota and is about to be sent: from then on it moves to no
/// other Region. Where a store outside the process keeps the answer it has the leaf hand its HTTP response along.
///
/// # Clone
///
/// A clone is a clone of the inner service; no state is shared.
#[derive(Debug, Clone)]
pub struct Sending<S> {
    inner: S,
    raw: bool,
}

impl<S> Sending<S> {
    pub(crate) const fn new(inner: S) -> Self {
        let raw = false;
        Self { inner, raw }
    }

    pub(crate) const fn with_raw_responses(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
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

    fn call(&mut self, mut request: Request<I>) -> S::Future {
        if self.raw {
            request.hand_raw_response_along();
        }
        if let Some(attempts) = &request.options().attempts {
            attempts.sent();
        }
        self.inner.call(request)
    }
}
