use super::{
    future::TelemetryFuture,
    settings::Shared,
    watch::{Scope, Watch},
};
use crate::{error::Error, operation::Operation, request::Request};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Tells of each call; see [`TelemetryLayer`](super::TelemetryLayer).
///
/// The span of a call is the current one wherever the inner service is called, polled or dropped, so
/// what is logged there belongs to it. It lasts to the result, of a stream to the stream's end.
///
/// # Clone
///
/// A clone is a clone of the inner service; both tell the same metrics.
///
/// # Cancellation
///
/// A call that is dropped before its result, or whose stream is dropped before its end, is told as
/// [cancelled](super::semconv::CANCELLED).
///
/// # Errors
///
/// Those of the inner service. This layer adds none.
#[derive(Debug, Clone)]
pub struct Telemetry<S> {
    inner: S,
    shared: Arc<Shared>,
    scope: Scope,
}

impl<S> Telemetry<S> {
    pub(super) const fn new(inner: S, shared: Arc<Shared>, scope: Scope) -> Self {
        Self {
            inner,
            shared,
            scope,
        }
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

impl<S, I> Service<Request<I>> for Telemetry<S>
where
    S: Service<Request<I>, Response = I::Response, Error = Error>,
    I: Operation,
{
    type Response = S::Response;
    type Error = Error;
    type Future = TelemetryFuture<S::Future, I>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let watch = Watch::begin(&self.shared, self.scope, &request);
        let inner = watch.inside(|| self.inner.call(request));
        TelemetryFuture::new(inner, watch)
    }
}
