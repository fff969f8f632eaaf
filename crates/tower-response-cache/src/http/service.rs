use std::task::{Context, Poll};
use std::{fmt, sync::Arc};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::answer::Answer;
use super::asked::{Asked, nothing_stored};
use super::origin::Origin;
use super::policy::HttpPolicy;
use super::stored::{HttpKey, HttpStore, Stored, mark};
use super::{HttpCacheBody, HttpCacheFuture, HttpCacheHandle, rules};
use crate::{ResponseCache, future::ResponseFuture, policy::CacheStatus, policy::Lookup};

pub(super) type Cached<S> = ResponseCache<Origin<S>, Arc<HttpPolicy>, HttpKey, Stored, HttpStore>;

/// A shared cache of HTTP in front of a service; made by [`HttpCacheLayer`].
///
/// It is always ready. A request that needs the inner service waits in its [`HttpCacheFuture`] until a
/// clone of that service is ready.
///
/// # Clone
///
/// A clone shares the cache.
///
/// [`HttpCacheLayer`]: crate::HttpCacheLayer
pub struct HttpCache<S> {
    cached: Cached<S>,
}

impl<S> HttpCache<S> {
    pub(super) fn new(cached: Cached<S>) -> Self {
        Self { cached }
    }

    /// A handle to the cache.
    pub fn handle(&self) -> HttpCacheHandle {
        let origin = self.cached.get_ref();
        HttpCacheHandle::new(self.cached.handle(), Arc::clone(&origin.policy))
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.cached.get_ref().inner
    }

    /// The inner service, mutably. Requests under way have clones of their own.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.cached.get_mut().inner
    }

    /// The inner service; the cache stays with the layer and the other services.
    pub fn into_inner(self) -> S {
        self.cached.into_inner().inner
    }

    fn asked<B: Body>(&self, req: Request<B>) -> Asked<B> {
        let HttpPolicy {
            settings,
            generations,
            unshared,
        } = &*self.cached.get_ref().policy;
        let demand = rules::demand(req.method(), req.headers());
        let mut alone = None;
        // The content of a GET shapes its answer, and is in no key.
        let lookup = if demand.past || !req.body().is_end_stream() {
            Lookup::Bypass
        } else {
            let key = HttpKey::of(&req, &settings.vary_by, generations);
            if demand.new || !self.is_young_enough(&key, demand) {
                Lookup::Refresh(key)
            } else if unshared.has(&key) && !self.has(&key) && !demand.only_if_cached {
                alone = Some(key);
                Lookup::Bypass
            } else {
                Lookup::Use(key)
            }
        };
        Asked {
            req,
            demand,
            lookup,
            unshared: alone,
        }
    }

    fn has(&self, key: &HttpKey) -> bool {
        self.cached.get_ref().cache.get(key).is_some()
    }

    /// Whether what is stored, if anything, is as young as is asked for.
    fn is_young_enough(&self, key: &HttpKey, demand: rules::Demand) -> bool {
        if demand.max_age.is_none() && demand.min_fresh.is_none() {
            return true;
        }
        match self.cached.get_ref().cache.get(key) {
            Some((Stored::Response(stored), _)) => {
                let stays_fresh = stored.stays_fresh();
                // Who sets a limit did not say `max-stale`.
                !stays_fresh.is_zero()
                    && demand.max_age.is_none_or(|max| stored.age() <= max)
                    && demand.min_fresh.is_none_or(|min| stays_fresh >= min)
            }
            _ => true,
        }
    }
}

impl<S, Req, Res> Service<Request<Req>> for HttpCache<S>
where
    S: Service<Request<Req>, Response = Response<Res>, Future: Send> + Clone + Send + 'static,
    S::Error: 'static,
    Req: Body + Send + 'static,
    Res: Body + Send + 'static,
{
    type Response = Response<HttpCacheBody<Res>>;
    type Error = S::Error;
    type Future = HttpCacheFuture<S, Req, Res>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: Request<Req>) -> Self::Future {
        let asked = self.asked(req);
        let name = self.cached.get_ref().policy.settings.name;
        let status = match &asked.lookup {
            Lookup::Refresh(_) => CacheStatus::Refreshed,
            Lookup::Use(_) | Lookup::Bypass => CacheStatus::Miss,
        };
        // Whatever keeps a request from being answered from the store, the inner service is not asked.
        if asked.demand.only_if_cached && !matches!(asked.lookup, Lookup::Use(_)) {
            let mut res = nothing_stored();
            self.cached.get_ref().cache.count(CacheStatus::Absent);
            mark(res.headers_mut(), name, CacheStatus::Absent);
            let future = ResponseFuture::hit(Ok(Answer::alone(res)));
            return HttpCacheFuture::new(future, name, status);
        }
        HttpCacheFuture::new(self.cached.call(asked), name, status)
    }
}

impl<S: Clone> Clone for HttpCache<S> {
    fn clone(&self) -> Self {
        Self::new(self.cached.clone())
    }
}

impl<S: fmt::Debug> fmt::Debug for HttpCache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCache")
            .field("inner", self.get_ref())
            .finish_non_exhaustive()
    }
}
