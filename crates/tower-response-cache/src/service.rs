use std::task::{Context, Poll};
use std::{fmt, hash::Hash, sync::Arc};

use tower_service::Service;

use crate::flight::{Background, Cause, LayerState, Lead, Miss, MissState, MissStateOf, Seen};
use crate::policy::{CacheStatus, Lookup, Policy};
use crate::store::{Freshness, MemoryStore, Store};
use crate::{future::ResponseFuture, handle::Handle};

/// Answers repeated requests from a cache; made by [`ResponseCacheLayer`].
///
/// It is always ready, since a hit needs nothing of the inner service. A request that needs the inner
/// service waits in its [`ResponseFuture`] until a clone of that service is ready.
///
/// # Clone
///
/// A clone shares the cache.
///
/// [`ResponseCacheLayer`]: crate::ResponseCacheLayer
pub struct ResponseCache<S, P, K, V, St = MemoryStore<K, V>> {
    inner: S,
    shared: LayerState<P, K, V, St>,
}

impl<S, P, K, V, St> ResponseCache<S, P, K, V, St> {
    pub(crate) fn new(inner: S, shared: LayerState<P, K, V, St>) -> Self {
        Self { inner, shared }
    }

    /// A handle to the cache.
    pub fn handle(&self) -> Handle<K, V, St> {
        Handle::new(Arc::clone(&self.shared.cache))
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
    V: Clone + Send + Sync + 'static,
    St: Store<K, V>,
{
    /// Answers a request for which nothing fresh is stored.
    fn not_fresh<Req>(
        &self,
        key: K,
        req: Req,
        stale: Option<V>,
        seen: Option<Seen>,
    ) -> ResponseFuture<S, Req, P, St>
    where
        S: Service<Req, Future: Send> + Clone + Send + 'static,
        Req: Send + 'static,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        let absent = self.shared.policy.absent(&req);
        // Without a background nobody would fetch the new answer, so this caller does. One that takes
        // only stored answers fetches nothing in any case.
        let background = stale.as_ref().and_then(|_| Background::at_hand());
        let stale = stale.filter(|_| background.is_some() || absent.is_some());
        if let Some(old) = stale.and_then(|old| self.shared.restore(old, CacheStatus::Stale)) {
            if let (None, Some(background)) = (absent, background) {
                self.revalidate(key, req, &background);
            }
            return ResponseFuture::hit(old);
        }
        match absent {
            None => self.miss(req, MissState::Join(key, seen)),
            Some(absent) if self.shared.cache.has_remote() => {
                let ask = self.shared.ask(key);
                self.miss(req, MissState::AskRemote(ask, absent))
            }
            Some(absent) => ResponseFuture::hit(self.shared.absent(absent)),
        }
    }

    fn miss<Req>(&self, req: Req, state: MissStateOf<S, Req, K, V>) -> ResponseFuture<S, Req, P, St>
    where
        S: Service<Req> + Clone,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        ResponseFuture::miss(Miss::new(
            self.inner.clone(),
            req,
            self.shared.clone(),
            state,
        ))
    }

    /// Fetches a new answer in the background, unless a call for it is under way.
    fn revalidate<Req>(&self, key: K, req: Req, background: &Background)
    where
        S: Service<Req, Future: Send> + Clone + Send + 'static,
        Req: Send + 'static,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        let cache = &self.shared.cache;
        if !cache.may_revalidate(&key) {
            return;
        }
        let Some(lead) = Lead::start_first(cache.flights(), key) else {
            return;
        };
        // Another flight may have stored a new answer since the store was read. Callers may have joined
        // this flight meanwhile; they get that answer.
        if let Some(value) = cache.get_fresh(lead.key()) {
            lead.end().tell(Some(&value), CacheStatus::Joined);
            return;
        }
        let inner = self.inner.clone();
        let lead = (self.shared).begin(lead, inner, req, Cause::Revalidate);
        lead.detach(background);
    }
}

impl<S, Req, P, K, V, St> Service<Req> for ResponseCache<S, P, K, V, St>
where
    S: Service<Req, Future: Send> + Clone + Send + 'static,
    Req: Send + 'static,
    P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    St: Store<K, V>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, P, St>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: Req) -> Self::Future {
        self.shared.cache.listen();
        let state = match self.shared.policy.lookup(&req) {
            Lookup::Use(key) => {
                let stored = self.shared.cache.flights().stored();
                let found = self.shared.cache.get(&key);
                let cause = match found {
                    None => Cause::Miss,
                    Some(_) => Cause::Expired,
                };
                let seen = Seen { stored, cause };
                let stale = match found {
                    Some((value, Freshness::Fresh)) => {
                        if let Some(hit) = self.shared.restore(value, CacheStatus::Hit) {
                            return ResponseFuture::hit(hit);
                        }
                        // Another type's value: an answer of this type takes its place.
                        return self.not_fresh(key, req, None, None);
                    }
                    Some((value, Freshness::Revalidate)) => Some(value),
                    _ => None,
                };
                return self.not_fresh(key, req, stale, Some(seen));
            }
            // Nothing is begun here: a future that is never polled must hold no flight open.
            Lookup::Refresh(key) => MissState::Refresh(key),
            Lookup::Bypass => MissState::Alone(CacheStatus::Bypass),
        };
        self.miss(req, state)
    }
}

impl<S: Clone, P, K, V, St> Clone for ResponseCache<S, P, K, V, St> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.shared.clone())
    }
}

impl<S: fmt::Debug, P, K, V, St> fmt::Debug for ResponseCache<S, P, K, V, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
