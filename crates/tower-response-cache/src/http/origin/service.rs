use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::{OriginFuture, Purpose};
use crate::http::asked::Asked;
use crate::http::stored::{HttpCaching, target};
use crate::http::{answer::Answer, failure::Failure, policy::HttpPolicy};

/// The inner service, whose answers are judged and collected for the cache.
#[derive(Clone)]
pub(crate) struct Origin<S> {
    pub(crate) inner: S,
    pub(crate) policy: Arc<HttpPolicy>,
    pub(crate) cache: Arc<HttpCaching>,
}

impl<S, Req, Res> Service<Asked<Req>> for Origin<S>
where
    S: Service<Request<Req>, Response = Response<Res>>,
    Res: Body,
{
    type Response = Answer<Res>;
    type Error = Failure<S::Error, Res>;
    type Future = OriginFuture<S::Future, Res>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Failure::Error)
    }

    fn call(&mut self, asked: Asked<Req>) -> Self::Future {
        let purpose = match (asked.key(), &asked.unshared) {
            (Some(key), _) => Purpose::Keep(key.clone()),
            (None, Some(key)) => Purpose::Look(key.clone()),
            (None, None) if asked.req.method().is_safe() => Purpose::Pass,
            (None, None) => Purpose::Invalidate(target(asked.req.uri(), asked.req.headers())),
        };
        let future = self.inner.call(asked.req);
        let (policy, cache) = (Arc::clone(&self.policy), Arc::clone(&self.cache));
        OriginFuture::new(future, purpose, policy, cache)
    }
}
