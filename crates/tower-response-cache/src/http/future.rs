use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{fmt, future::Future, pin::Pin};

use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::asked::{Asked, unchanged};
use super::failure::FailureKind;
use super::origin::Origin;
use super::policy::HttpPolicy;
use super::stored::{HttpStore, mark};
use super::{HttpCacheBody, rules};
use crate::future::ResponseFuture;

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
        // The condition of the request, if the cache answers it.
        condition: Option<Box<HeaderMap>>,
    }
}

impl<S, Req, Res> HttpCacheFuture<S, Req, Res>
where
    S: Service<Request<Req>, Response = Response<Res>>,
    Res: Body,
{
    pub(super) fn new(
        future: ResponseFuture<Origin<S>, Asked<Req>, Arc<HttpPolicy>, HttpStore>,
        name: &'static str,
        condition: Option<Box<HeaderMap>>,
    ) -> Self {
        Self {
            future,
            name,
            condition,
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
        let failure = match ready!(this.future.poll(cx)) {
            Ok(answer) => {
                let condition = this.condition.as_deref();
                let res = answer.res;
                // A body that goes on as it comes cannot be taken back.
                let is_whole = res.status() == StatusCode::OK && res.body().is_whole();
                let is_unchanged = is_whole
                    && condition.is_some_and(|asked| rules::is_unchanged(asked, res.headers()));
                return Poll::Ready(Ok(if is_unchanged { unchanged(&res) } else { res }));
            }
            Err(failure) => failure,
        };
        Poll::Ready(match failure.kind {
            FailureKind::Down(mut res) | FailureKind::Refused(mut res) => {
                let said = failure.call.header(this.name, false, false);
                mark(res.headers_mut(), said);
                Ok(*res)
            }
            FailureKind::Error(error) => Err(error),
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
