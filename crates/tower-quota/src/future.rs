use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::cost::Cost;
use crate::error::Rejected;
use crate::ledger::Reservation;
use crate::paced_call::PacedCall;

pin_project! {
    /// Response future of [`Quota`](crate::Quota).
    ///
    /// `A` is the future of the ledger's admission, `X` the context of the cost.
    pub struct ResponseFuture<S, Req, C, A, X>
    where
        S: Service<Req>,
    {
        #[pin]
        call: PacedCall<S, Req, C, A, X>,
    }
}

impl<S: Service<Req>, Req, C, A, X> ResponseFuture<S, Req, C, A, X> {
    pub(crate) fn new(call: PacedCall<S, Req, C, A, X>) -> Self {
        Self { call }
    }
}

impl<S, Req, C, A, X> Future for ResponseFuture<S, Req, C, A, X>
where
    S: Service<Req>,
    S::Error: From<Rejected>,
    C: Cost<Req, S::Response, S::Error, Context = X>,
    A: Future<Output = Result<Reservation, Rejected>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().call.poll(cx)) {
            Ok(result) => result,
            Err(rejected) => Err(rejected.into()),
        })
    }
}

impl<S: Service<Req>, Req, C, A, X> fmt::Debug for ResponseFuture<S, Req, C, A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("stage", &self.call.stage())
            .finish_non_exhaustive()
    }
}
