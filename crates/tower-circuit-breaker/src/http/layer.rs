use std::fmt;
use std::hash::Hash;

use http::StatusCode;
use tower_layer::Layer;

use super::{classifier::HttpClassifier, service::HttpCircuitBreaker};
use crate::classify::{SharedClassifier, Verdict};
use crate::handle::Handle;
use crate::keyed::{Circuits, SingleCircuit};
use crate::layer::CircuitBreakerLayer;

/// A circuit breaker for HTTP servers: a rejection is a response, 503 with `Retry-After`.
///
/// It is for a service of [`http::Response`]s, such as an axum router; the error of that service may be
/// any, [`Infallible`](std::convert::Infallible) too. The [guide] has what is told and what counts.
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_circuit_breaker::HttpCircuitBreakerLayer;
///
/// # let app: Router =
/// Router::new().route("/", get(|| async { "hello" })).layer(HttpCircuitBreakerLayer::new())
/// # ;
/// ```
///
/// All services that one layer value or its clones make share their circuits, and so do all routes that it is
/// put around.
///
/// # Knobs
///
/// They are those of the [`CircuitBreakerLayer`] that it is made [from](Self::of).
///
/// [guide]: https://docs.rs/tower-circuit-breaker/latest/tower_circuit_breaker/docs/http/
pub struct HttpCircuitBreakerLayer<
    C = HttpClassifier,
    K = SingleCircuit,
    Q = SingleCircuit,
    By = SharedClassifier,
> {
    breaker: CircuitBreakerLayer<C, K, Q, By>,
}

impl HttpCircuitBreakerLayer {
    /// One circuit for all requests, by [`HttpClassifier`], with the default rules. A 429 counts for
    /// nothing: in a server that is about a caller.
    #[must_use]
    pub fn new() -> Self {
        let about_callers =
            |status, _: &_| (status == StatusCode::TOO_MANY_REQUESTS).then_some(Verdict::Ignored);
        Self::of(CircuitBreakerLayer::new(
            HttpClassifier::new().status(about_callers),
        ))
    }
}

impl Default for HttpCircuitBreakerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<C, K, Q, By> HttpCircuitBreakerLayer<C, K, Q, By> {
    /// With the circuits, the rules and the classifier of `breaker`.
    ///
    /// ```
    /// use tower_circuit_breaker::{CircuitBreakerLayer, HttpCircuitBreakerLayer};
    ///
    /// // A circuit for each host that this proxy asks.
    /// let breaker = CircuitBreakerLayer::http()
    ///     .consecutive_failures(5)
    ///     .key_by(|req: &http::Request<axum::body::Body>| {
    ///         req.uri().host().unwrap_or_default().to_owned()
    ///     });
    /// let circuits = breaker.circuits();
    /// let layer = HttpCircuitBreakerLayer::of(breaker);
    /// # drop((circuits, layer));
    /// ```
    #[must_use]
    pub fn of(breaker: CircuitBreakerLayer<C, K, Q, By>) -> Self {
        Self { breaker }
    }
}

impl<C, K, By> HttpCircuitBreakerLayer<C, K, SingleCircuit, By> {
    /// Shows and steers the circuit.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.breaker.handle()
    }
}

impl<C, K, Q: Hash + Eq + Clone + fmt::Display, By> HttpCircuitBreakerLayer<C, K, Q, By> {
    /// Shows and steers the circuits by their keys.
    #[must_use]
    pub fn circuits(&self) -> Circuits<Q> {
        self.breaker.circuits()
    }
}

impl<S, C: Clone, K, Q, By> Layer<S> for HttpCircuitBreakerLayer<C, K, Q, By> {
    type Service = HttpCircuitBreaker<S, C, K, Q, By>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpCircuitBreaker::new(self.breaker.layer(inner))
    }
}

impl<C: Clone, K, Q, By> Clone for HttpCircuitBreakerLayer<C, K, Q, By> {
    fn clone(&self) -> Self {
        Self::of(self.breaker.clone())
    }
}

impl<C, K, Q, By> fmt::Debug for HttpCircuitBreakerLayer<C, K, Q, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCircuitBreakerLayer")
            .field("breaker", &self.breaker)
            .finish()
    }
}
