use std::task::{Context, Poll};

use tower::load::Load;
use tower_service::Service;

use crate::handle::Handle;

/// A service whose load is first whether its circuit would reject a call, and then its own.
///
/// `tower::balance` then sends a call to an open circuit only if all are open. Unlike a service that
/// is [not ready while open](crate::CircuitBreakerLayer::not_ready_while_open), it lets such a call
/// fail at once instead of having it wait, and the circuit may be one of many, by its key.
///
/// ```
/// use tower::load::{CompleteOnResponse, PendingRequests};
/// # use tower::{BoxError, Layer, balance::p2c::Balance, discover::ServiceList, service_fn};
/// use tower_circuit_breaker::{CircuitBreakerLayer, Loaded, Verdict};
///
/// # type Request = &'static str;
/// # fn health(_: &Result<&'static str, BoxError>) -> Verdict { Verdict::Success }
/// let backend = |name: &'static str| {
///     let breaker = CircuitBreakerLayer::new(health).consecutive_failures(5);
///     let service = breaker.layer(service_fn(move |_| async move { Ok::<_, BoxError>(name) }));
///     let service = PendingRequests::new(service, CompleteOnResponse::default());
///     Loaded::new(service, breaker.handle())
/// };
/// let service = Balance::new(ServiceList::new([backend("here"), backend("there")]));
/// # fn check<S: tower::Service<Request>>(_: S) {}
/// # check(service);
/// ```
#[derive(Clone, Debug)]
pub struct Loaded<S> {
    inner: S,
    handle: Handle,
}

impl<S> Loaded<S> {
    /// `inner` calls through the circuit that `handle` is of.
    pub fn new(inner: S, handle: Handle) -> Self {
        Self { inner, handle }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Load> Load for Loaded<S> {
    /// Whether a call would be rejected, which is more than any load.
    type Metric = (bool, S::Metric);

    fn load(&self) -> Self::Metric {
        (self.handle.rejects(), self.inner.load())
    }
}

impl<S: Service<Req>, Req> Service<Req> for Loaded<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> S::Future {
        self.inner.call(request)
    }
}
