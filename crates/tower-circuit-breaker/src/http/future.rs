use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::rejection::rejection;
use crate::call::Call;
use crate::classify::Classify;

pin_project! {
    /// Response future of [`HttpCircuitBreaker`](crate::HttpCircuitBreaker).
    pub struct HttpCircuitBreakerFuture<S, Req, C>
    where
        S: Service<Req>,
    {
        #[pin]
        call: Call<S, Req, C>,
    }
}

impl<S: Service<Req>, Req, C> HttpCircuitBreakerFuture<S, Req, C> {
    pub(super) fn new(call: Call<S, Req, C>) -> Self {
        Self { call }
    }
}

impl<S, Req, C, B> Future for HttpCircuitBreakerFuture<S, Req, C>
where
    S: Service<Req, Response = Response<B>>,
    C: Classify<Response<B>, S::Error>,
    B: From<String>,
{
    type Output = Result<Response<B>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().call.poll(cx)) {
            Ok(result) => result,
            Err(open) => Ok(rejection(&open)),
        })
    }
}

impl<S: Service<Req>, Req, C> fmt::Debug for HttpCircuitBreakerFuture<S, Req, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCircuitBreakerFuture")
            .field("stage", &self.call.stage())
            .finish_non_exhaustive()
    }
}
