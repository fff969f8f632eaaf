use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::OriginFuture;
use super::purpose::Purpose;
use crate::http::asked::Asked;
use crate::http::failure::{Failure, FailureKind};
use crate::http::forwarded::{Call, Forwarded};
use crate::http::stored::HttpCaching;
use crate::http::{answer::Answer, policy::HttpPolicy};

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
        // What is stored for the request is not known here. It takes the place of the error if its own times
        // allow that.
        self.inner.poll_ready(cx).map_err(|error| Failure {
            kind: FailureKind::Error(error),
            stale_is_better: true,
            call: Call::without_answer(Forwarded::Miss),
        })
    }

    fn call(&mut self, mut asked: Asked<Req>) -> Self::Future {
        let (purpose, forwarded) = Purpose::of(&mut asked, &self.cache);
        let future = self.inner.call(asked.req);
        let (policy, cache) = (Arc::clone(&self.policy), Arc::clone(&self.cache));
        OriginFuture::new(future, purpose, forwarded, policy, cache)
    }
}
