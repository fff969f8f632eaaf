use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::fields::Fields;
use super::rejection::rejection;
use crate::cost::Cost;
use crate::ledger::memory::{Admit, MemoryLedger};
use crate::paced_call::PacedCall;

pin_project! {
    /// Response future of [`HttpQuota`](crate::HttpQuota).
    ///
    /// `X` is the context of the cost.
    pub struct HttpQuotaFuture<S, Req, C, K, X>
    where
        S: Service<Req>,
    {
        #[pin]
        call: PacedCall<S, Req, C, Admit, X>,
        told: Option<Told<K>>,
    }
}

/// Whose limits an answer tells.
pub(super) struct Told<K> {
    pub(super) key: K,
    pub(super) ledger: MemoryLedger<K>,
    /// In every answer, and not in rejections alone.
    pub(super) always: bool,
}

impl<K: Hash + Eq + Clone + fmt::Display> Told<K> {
    fn fields(&self) -> Fields {
        let state = self.ledger.find_or_shared(&self.key);
        state.map_or_else(Fields::default, |state| state.look(Fields::of))
    }
}

impl<S: Service<Req>, Req, C, K, X> HttpQuotaFuture<S, Req, C, K, X> {
    pub(super) fn new(call: PacedCall<S, Req, C, Admit, X>, told: Option<Told<K>>) -> Self {
        Self { call, told }
    }
}

impl<S, Req, C, K, R> Future for HttpQuotaFuture<S, Req, C, K, C::Context>
where
    S: Service<Req, Response = Response<R>>,
    C: Cost<Req, Response<R>, S::Error, Key = K>,
    K: Hash + Eq + Clone + fmt::Display,
    R: From<String>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match ready!(this.call.poll(cx)) {
            Ok(mut result) => {
                let told = this.told.as_ref().filter(|told| told.always);
                if let (Ok(res), Some(told)) = (&mut result, told) {
                    told.fields().insert_into(res.headers_mut());
                }
                Poll::Ready(result)
            }
            Err(rejected) => {
                let fields = this.told.as_ref().map(Told::fields);
                Poll::Ready(Ok(rejection(&rejected, &fields.unwrap_or_default())))
            }
        }
    }
}

impl<S: Service<Req>, Req, C, K, X> fmt::Debug for HttpQuotaFuture<S, Req, C, K, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpQuotaFuture")
            .field("stage", &self.call.stage())
            .finish_non_exhaustive()
    }
}
