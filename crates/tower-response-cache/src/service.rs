use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{
    CacheStatus, Handle, Lookup, MemoryStore, Policy, ResponseFuture, Store,
    cache::Cache,
    call::Call,
    miss::{Miss, Way},
};

/// Answers repeated requests from a cache; made by [`ResponseCacheLayer`].
///
/// It is always ready, since a hit needs nothing of the inner service. A request that does waits
/// for the inner service's readiness in its [`ResponseFuture`], with a clone of that service.
///
/// # Clone
///
/// A clone shares the cache.
///
/// [`ResponseCacheLayer`]: crate::ResponseCacheLayer
pub struct ResponseCache<S, P, K, V, St = MemoryStore<K, V>> {
    inner: S,
    policy: Arc<P>,
    cache: Arc<Cache<K, V, St>>,
}

impl<S, P, K, V, St> ResponseCache<S, P, K, V, St> {
    pub(crate) fn new(inner: S, policy: Arc<P>, cache: Arc<Cache<K, V, St>>) -> Self {
        Self {
            inner,
            policy,
            cache,
        }
    }

    /// A handle to the cache.
    pub fn handle(&self) -> Handle<K, V, St> {
        Handle::new(Arc::clone(&self.cache))
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, mutably. Requests under way have clones of their own.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service; the cache stays with the layer and the other services.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, P, K, V, St> Service<Req> for ResponseCache<S, P, K, V, St>
where
    S: Service<Req> + Clone,
    P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    K: std::hash::Hash + Eq + Clone,
    V: Clone,
    St: Store<K, V>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, P, St>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: Req) -> Self::Future {
        let (way, context) = match self.policy.lookup(&req) {
            Lookup::Use(key) => {
                let stored = self.cache.get(&key);
                let hit = stored.and_then(|value| self.policy.restore(value, CacheStatus::Hit));
                if let Some(result) = hit {
                    self.cache.count(CacheStatus::Hit);
                    return ResponseFuture::hit(result);
                }
                (Way::Board(key), Some(self.policy.context(&req)))
            }
            Lookup::Refresh(key) => (Way::Refresh(key), Some(self.policy.context(&req))),
            Lookup::Bypass => (Way::Call(None, CacheStatus::Bypass), None),
        };
        ResponseFuture::miss(Miss::new(
            Call::new(self.inner.clone(), req),
            Arc::clone(&self.policy),
            Arc::clone(&self.cache),
            way,
            context,
        ))
    }
}

impl<S: Clone, P, K, V, St> Clone for ResponseCache<S, P, K, V, St> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            Arc::clone(&self.policy),
            Arc::clone(&self.cache),
        )
    }
}

impl<S: fmt::Debug, P, K, V, St> fmt::Debug for ResponseCache<S, P, K, V, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
