use std::{
    task::{Context, Poll},
    time::Duration,
};

use tower_service::Service;

use super::{AttemptTimeout, ResponseFuture};

/// How long a request may take. For a `Duration` and for closures `Fn(&Req) -> Option<Duration>`.
pub trait TimeLimit<Req> {
    /// The time one attempt of this request may take; `None` is without limit.
    fn limit(&self, request: &Req) -> Option<Duration>;
}

impl<Req> TimeLimit<Req> for Duration {
    fn limit(&self, _: &Req) -> Option<Duration> {
        Some(*self)
    }
}

impl<F, Req> TimeLimit<Req> for F
where
    F: Fn(&Req) -> Option<Duration>,
{
    fn limit(&self, request: &Req) -> Option<Duration> {
        self(request)
    }
}

/// Limits the time of each attempt. Made by [`AttemptTimeoutLayer`](super::AttemptTimeoutLayer).
///
/// # Errors
///
/// Those of the inner service, and [`AttemptTimeout`].
///
/// # Panics
///
/// A call that has a limit needs a tokio runtime with its timer around it, and panics without one.
#[derive(Clone, Debug)]
pub struct AttemptTimeoutService<S, T = Duration> {
    inner: S,
    limit: T,
}

impl<S, T> AttemptTimeoutService<S, T> {
    pub(super) const fn new(inner: S, limit: T) -> Self {
        Self { inner, limit }
    }

    /// The inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the inner service back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, T, Req> Service<Req> for AttemptTimeoutService<S, T>
where
    S: Service<Req>,
    S::Error: From<AttemptTimeout>,
    T: TimeLimit<Req>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let limit = self.limit.limit(&request);
        ResponseFuture::new(self.inner.call(request), limit)
    }
}
