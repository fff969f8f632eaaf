use std::{
    fmt,
    hash::Hash,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::runtime;
use tower_service::Service;

use crate::{
    flight::cache::Cache,
    flight::flight::Cause,
    flight::miss::{Miss, Shared, Way, WayOf},
    future::ResponseFuture,
    handle::Handle,
    policy::{CacheStatus, Lookup, Policy},
    store::{Freshness, MemoryStore, Store},
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

impl<S, P, K, V, St> ResponseCache<S, P, K, V, St>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + 'static,
    St: Store<K, V>,
{
    /// Answers a request for which nothing fresh is at hand.
    fn not_fresh<Req>(&self, key: K, req: Req, stale: Option<V>) -> ResponseFuture<S, Req, P, St>
    where
        S: Service<Req, Response: 'static, Error: 'static, Future: Send> + Clone + Send + 'static,
        Req: Send + 'static,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        let absent = self.policy.absent(&req);
        // Without a runtime there is no background; the caller fetches it then.
        let runtime = stale.is_some().then(runtime::Handle::try_current);
        let runtime = runtime.and_then(Result::ok);
        let stale = stale.filter(|_| runtime.is_some() || absent.is_some());
        if let Some(old) = stale.and_then(|v| self.policy.restore(v, CacheStatus::Stale)) {
            self.cache.count(CacheStatus::Stale);
            if let (None, Some(runtime)) = (absent, runtime) {
                self.revalidate(key, req, &runtime);
            }
            return ResponseFuture::hit(old);
        }
        match absent {
            None => self.miss(req, Way::Join(key)),
            Some(absent) if self.cache.has_remote() => {
                let cache = Arc::clone(&self.cache);
                let ask = Box::pin(async move { cache.fetch(&key).await });
                self.miss(req, Way::Ask(ask, absent))
            }
            Some(absent) => ResponseFuture::hit(self.shared().absent(absent)),
        }
    }

    fn miss<Req>(&self, req: Req, way: WayOf<S, Req, K, V>) -> ResponseFuture<S, Req, P, St>
    where
        S: Service<Req> + Clone,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        ResponseFuture::miss(Miss::new(self.inner.clone(), req, self.shared(), way))
    }

    fn shared(&self) -> Shared<P, K, V, St> {
        Shared {
            policy: Arc::clone(&self.policy),
            cache: Arc::clone(&self.cache),
        }
    }

    /// Fetches a new answer in the background, unless a call for it is under way.
    fn revalidate<Req>(&self, key: K, req: Req, runtime: &runtime::Handle)
    where
        S: Service<Req, Response: 'static, Error: 'static, Future: Send> + Clone + Send + 'static,
        Req: Send + 'static,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        let Some(lead) = self.cache.flights().start_first(key) else {
            return;
        };
        // Another may have landed since the store was read.
        if let Some(value) = self.cache.get_fresh(lead.key()) {
            lead.land().waiters.tell(Some(&value), CacheStatus::Joined);
            return;
        }
        let shared = self.shared();
        let lead = shared.begin(lead, self.inner.clone(), req, Cause::Revalidate);
        lead.detach(runtime);
    }
}

impl<S, Req, P, K, V, St> Service<Req> for ResponseCache<S, P, K, V, St>
where
    S: Service<Req, Response: 'static, Error: 'static, Future: Send> + Clone + Send + 'static,
    Req: Send + 'static,
    P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + 'static,
    St: Store<K, V>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, P, St>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: Req) -> Self::Future {
        let way = match self.policy.lookup(&req) {
            Lookup::Use(key) => {
                let stale = match self.cache.get(&key) {
                    Some((value, Freshness::Fresh)) => {
                        if let Some(hit) = self.policy.restore(value, CacheStatus::Hit) {
                            self.cache.count(CacheStatus::Hit);
                            return ResponseFuture::hit(hit);
                        }
                        None
                    }
                    Some((value, Freshness::Revalidate)) => Some(value),
                    _ => None,
                };
                return self.not_fresh(key, req, stale);
            }
            Lookup::Refresh(key) => Way::Refresh(key),
            Lookup::Bypass => Way::Alone(CacheStatus::Bypass),
        };
        self.miss(req, way)
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
