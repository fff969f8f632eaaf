use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{fmt, future::Future, pin::Pin};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::HttpCacheBody;
use super::asked::Asked;
use super::failure::Failure;
use super::origin::Origin;
use super::policy::HttpPolicy;
use super::stored::{HttpStore, mark};
use crate::{future::ResponseFuture, policy::CacheStatus};

pin_project! {
    /// The future of an [`HttpCache`].
    ///
    /// It leads or joins a flight from its first poll on. Others may wait for the one that leads, so poll
    /// it or drop it.
    ///
    /// # Cancellation
    ///
    /// As that of a [`ResponseFuture`].
    ///
    /// # Panics
    ///
    /// Panics if it is polled after it is done, or after it panicked.
    ///
    /// [`HttpCache`]: crate::HttpCache
    /// [`ResponseFuture`]: crate::ResponseFuture
    pub struct HttpCacheFuture<S, Req, Res>
    where
        S: Service<Request<Req>, Response = Response<Res>>,
        Res: Body,
    {
        #[pin]
        future: ResponseFuture<Origin<S>, Asked<Req>, Arc<HttpPolicy>, HttpStore>,
        name: &'static str,
        status: CacheStatus,
    }
}

impl<S, Req, Res> HttpCacheFuture<S, Req, Res>
where
    S: Service<Request<Req>, Response = Response<Res>>,
    Res: Body,
{
    /// `status` is that of a call which failed.
    pub(super) fn new(
        future: ResponseFuture<Origin<S>, Asked<Req>, Arc<HttpPolicy>, HttpStore>,
        name: &'static str,
        status: CacheStatus,
    ) -> Self {
        Self {
            future,
            name,
            status,
        }
    }
}

impl<S, Req, Res> Future for HttpCacheFuture<S, Req, Res>
where
    S: Service<Request<Req>, Response = Response<Res>, Future: Send> + Send + 'static,
    S::Error: 'static,
    Req: Send + 'static,
    Res: Body + Send + 'static,
{
    type Output = Result<Response<HttpCacheBody<Res>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.future.poll(cx)) {
            Ok(answer) => Ok(answer.res),
            Err(Failure::Response { mut res, .. }) => {
                mark(res.headers_mut(), this.name, *this.status);
                Ok(*res)
            }
            Err(Failure::Error(error)) => Err(error),
        })
    }
}

impl<S, Req, Res> fmt::Debug for HttpCacheFuture<S, Req, Res>
where
    S: Service<Request<Req>, Response = Response<Res>>,
    Res: Body,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCacheFuture").finish_non_exhaustive()
    }
}
