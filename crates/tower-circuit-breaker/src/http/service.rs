use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use http::Response;
use tower_service::Service;

use super::future::HttpCircuitBreakerFuture;
use crate::classify::{MakeClassifier, SharedClassifier};
use crate::keyed::{KeyOf, SingleCircuit};
use crate::service::CircuitBreaker;

/// Answers 503 at once while the inner service is unwell; made by
/// [`HttpCircuitBreakerLayer`](crate::HttpCircuitBreakerLayer).
///
/// It decides, waits and counts as a [`CircuitBreaker`] does, and has no error of its own.
///
/// # Clone
///
/// Clones, and all services of one layer value, share their circuits.
pub struct HttpCircuitBreaker<S, C, K = SingleCircuit, Q = SingleCircuit, By = SharedClassifier> {
    breaker: CircuitBreaker<S, C, K, Q, By>,
}

impl<S, C, K, Q, By> HttpCircuitBreaker<S, C, K, Q, By> {
    pub(super) fn new(breaker: CircuitBreaker<S, C, K, Q, By>) -> Self {
        Self { breaker }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        self.breaker.get_ref()
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        self.breaker.get_mut()
    }

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.breaker.into_inner()
    }
}

impl<S, C, K, Q, By, Req, B> Service<Req> for HttpCircuitBreaker<S, C, K, Q, By>
where
    S: Service<Req, Response = Response<B>> + Clone,
    C: MakeClassifier<Req, Response<B>, S::Error, By>,
    K: KeyOf<Req, Key = Q>,
    Q: Hash + Eq + Clone + fmt::Display,
    B: From<String>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = HttpCircuitBreakerFuture<S, Req, C::Classifier>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.breaker.poll_leave(cx).map(Ok)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        HttpCircuitBreakerFuture::new(self.breaker.begin(request))
    }
}

impl<S: Clone, C: Clone, K, Q, By> Clone for HttpCircuitBreaker<S, C, K, Q, By> {
    fn clone(&self) -> Self {
        Self::new(self.breaker.clone())
    }
}

impl<S: fmt::Debug, C, K, Q, By> fmt::Debug for HttpCircuitBreaker<S, C, K, Q, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCircuitBreaker")
            .field("breaker", &self.breaker)
            .finish()
    }
}
