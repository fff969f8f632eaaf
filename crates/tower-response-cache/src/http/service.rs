use std::task::{Context, Poll};
use std::{fmt, sync::Arc};

use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::answer::Answer;
use super::asked::{Asked, condition, nothing_stored};
use super::decision::Decision;
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
        let Origin { policy, cache, .. } = self.cached.get_ref();
        let name = policy.settings.name;
        let demand = rules::demand(req.method(), req.headers());
        let decision = Decision::of(&req, demand, policy, cache);
        let past = matches!(decision, Decision::Alone(_) | Decision::Ask(Lookup::Bypass));
        let condition = (demand.conditional && !past).then(|| condition(req.headers()));
        let own = |res: Response<HttpCacheBody<Res>>, status, condition| {
            cache.count(status);
            let answer = ResponseFuture::hit(Ok(Answer::said(res)));
            HttpCacheFuture::new(answer, name, condition)
        };
        let (lookup, unshared) = match decision {
            Decision::Stored(stored, status) if req.method() == Method::HEAD => {
                return own(stored.head_response(name, status), status, condition);
            }
            Decision::Stored(stored, status) => {
                return own(stored.response(name, status), status, condition);
            }
            Decision::Nothing => {
                let status = CacheStatus::Absent;
                let mut res = nothing_stored();
                mark(res.headers_mut(), status.cache_status(name));
                return own(res, status, None);
            }
            Decision::Ask(lookup) => (lookup, None),
            Decision::Alone(key) => (Lookup::Bypass, Some(key)),
        };
        let asked = Asked {
            req,
            demand,
            lookup,
            unshared,
        };
        HttpCacheFuture::new(self.cached.call(asked), name, condition)
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
