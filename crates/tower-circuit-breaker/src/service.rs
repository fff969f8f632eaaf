use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tower_service::Service;

use crate::call::Call;
use crate::classify::{MakeClassifier, SharedClassifier};
use crate::error::Open;
use crate::future::ResponseFuture;
use crate::keyed::{Circuits, KeyOf, SingleCircuit};
use crate::readiness::Readiness;
use crate::shared::Permit;

/// Rejects calls at once while the inner service is unwell.
///
/// It is always ready, unless it is told to be [not ready while open]: the circuit is asked in `call`, so that an open one answers whatever the
/// inner service is doing. An admitted call then waits for the inner service's readiness in its
/// future, and asks again before it is made if the circuit has changed meanwhile. A probe that
/// waits holds its place; an error of readiness counts as what the classifier makes of it.
///
/// [not ready while open]: crate::CircuitBreakerLayer::not_ready_while_open
///
/// # Clone
///
/// Clones, and all services of one layer value, share their circuits.
///
/// # Cancellation
///
/// A dropped call gives its place back; [`Abandoned`](crate::Abandoned) says whether it counts.
///
/// # Errors
///
/// Those of the inner service, and [`Open`] through `From`.
pub struct CircuitBreaker<S, C, K = SingleCircuit, Q = SingleCircuit, By = SharedClassifier> {
    inner: S,
    classify: C,
    key_of: Arc<K>,
    circuits: Circuits<Q>,
    /// `None` for a service that is always ready.
    readiness: Option<Readiness>,
    by: PhantomData<fn() -> By>,
}

impl<S, C, K, Q, By> CircuitBreaker<S, C, K, Q, By> {
    pub(crate) fn new(inner: S, classify: C, key_of: Arc<K>, circuits: Circuits<Q>) -> Self {
        Self {
            readiness: readiness(&circuits),
            inner,
            classify,
            key_of,
            circuits,
            by: PhantomData,
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

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, C, K, Q, By> CircuitBreaker<S, C, K, Q, By> {
    /// Ready, unless the circuit is to be waited for.
    #[inline]
    pub(crate) fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(readiness) = &mut self.readiness {
            ready!(readiness.poll(cx, || self.circuits.single_shard()));
        }
        Poll::Ready(())
    }

    /// Asks the circuit of the request.
    #[inline]
    pub(crate) fn begin<Req>(&mut self, request: Req) -> Call<S, Req, C::Classifier>
    where
        S: Service<Req> + Clone,
        C: MakeClassifier<Req, S::Response, S::Error, By>,
        K: KeyOf<Req, Key = Q>,
        Q: Hash + Eq + Clone + fmt::Display,
    {
        let classify = self.classify.make_classifier(&request);
        if let Some(permit) = self.readiness.as_mut().and_then(Readiness::take) {
            return Call::admitted(self.inner.clone(), request, permit, classify);
        }
        let shard = self.circuits.shard_of(|| self.key_of.key(&request));
        match Permit::acquire(shard) {
            // A clone goes into the future, which makes it ready; the one here is never polled.
            Ok(permit) => Call::admitted(self.inner.clone(), request, permit, classify),
            Err(open) => Call::rejected(open, classify),
        }
    }
}

impl<S, C, K, Q, By, Req> Service<Req> for CircuitBreaker<S, C, K, Q, By>
where
    S: Service<Req> + Clone,
    S::Error: From<Open>,
    C: MakeClassifier<Req, S::Response, S::Error, By>,
    K: KeyOf<Req, Key = Q>,
    Q: Hash + Eq + Clone + fmt::Display,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, C::Classifier>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.poll_leave(cx).map(Ok)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        ResponseFuture::new(self.begin(request))
    }
}

impl<S: Clone, C: Clone, K, Q, By> Clone for CircuitBreaker<S, C, K, Q, By> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            classify: self.classify.clone(),
            key_of: Arc::clone(&self.key_of),
            circuits: self.circuits.clone(),
            // Not the leave of the original: that is for one call.
            readiness: readiness(&self.circuits),
            by: PhantomData,
        }
    }
}

fn readiness<Q>(circuits: &Circuits<Q>) -> Option<Readiness> {
    let asks = circuits.settings().not_ready_while_open;
    asks.then(Readiness::default)
}

impl<S: fmt::Debug, C, K, Q, By> fmt::Debug for CircuitBreaker<S, C, K, Q, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("inner", &self.inner)
            .field("circuits", &self.circuits)
            .finish_non_exhaustive()
    }
}
