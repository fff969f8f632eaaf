use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::future::{HttpQuotaFuture, Told};
use super::rate_limit_fields::RateLimitFields;
use crate::cost::Cost;
use crate::ledger::memory::MemoryLedger;
use crate::service::Quota;

/// Lets requests through when their caller's quota has room for them, and answers 429 to the others; made by
/// [`HttpQuotaLayer`](crate::HttpQuotaLayer).
///
/// It admits, waits and counts as a [`Quota`] does, and has no error of its own.
///
/// # Clone
///
/// Clones, and all services of one layer value, share the ledger.
pub struct HttpQuota<S, C, K> {
    quota: Quota<S, C, MemoryLedger<K>>,
    fields: RateLimitFields,
}

impl<S, C, K> HttpQuota<S, C, K> {
    pub(super) fn new(quota: Quota<S, C, MemoryLedger<K>>, fields: RateLimitFields) -> Self {
        Self { quota, fields }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        self.quota.get_ref()
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        self.quota.get_mut()
    }

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.quota.into_inner()
    }
}

impl<S, C, K, B, R> Service<Request<B>> for HttpQuota<S, C, K>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    C: Cost<Request<B>, Response<R>, S::Error, Key = K> + Clone,
    K: Hash + Eq + Clone + fmt::Display,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HttpQuotaFuture<S, Request<B>, C, K, C::Context>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: Request<B>) -> Self::Future {
        let (ask, context) = self.quota.cost.ask(&req);
        let told = match self.fields {
            RateLimitFields::Always | RateLimitFields::Rejections => Some(Told {
                key: ask.key.clone(),
                ledger: self.quota.ledger.clone(),
                always: self.fields == RateLimitFields::Always,
            }),
            RateLimitFields::Never => None,
        };
        HttpQuotaFuture::new(self.quota.begin(req, ask, context), told)
    }
}

impl<S: Clone, C: Clone, K> Clone for HttpQuota<S, C, K> {
    fn clone(&self) -> Self {
        Self::new(self.quota.clone(), self.fields)
    }
}

impl<S: fmt::Debug, C, K> fmt::Debug for HttpQuota<S, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpQuota")
            .field("inner", self.quota.get_ref())
            .finish_non_exhaustive()
    }
}
