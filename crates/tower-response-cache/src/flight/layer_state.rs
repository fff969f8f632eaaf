use std::sync::Arc;

use tower_service::Service;

use super::callers::{Driven, Key, Lead, Value};
use super::flight::{Cause, Done, Flight};
use super::{cache::Cache, delivery::Delivery};
use crate::policy::{CacheStatus, Policy};
use crate::store::Store;

/// What all services of one layer value share: the policy and the cache on which it decides.
pub(crate) struct LayerState<P, K, V, St> {
    pub(crate) policy: Arc<P>,
    pub(crate) cache: Arc<Cache<K, V, St>>,
}

impl<P, K: Key, V: Value, St: Store<K, V>> LayerState<P, K, V, St> {
    pub(crate) fn absent<Req, Res, E>(&self, result: Result<Res, E>) -> Result<Res, E>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        self.cache.count(CacheStatus::Absent);
        self.marked(result, CacheStatus::Absent)
    }

    /// Gives a flight its work.
    pub(crate) fn begin<S, Req>(
        &self,
        mut lead: Lead<K, V>,
        inner: S,
        req: Req,
        cause: Cause,
    ) -> Lead<K, V>
    where
        S: Service<Req, Future: Send> + Send + 'static,
        Req: Send + 'static,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        if let Some(tags) = self.policy.possible_tags(&req) {
            lead.expect_tags(tags);
        }
        let flight = Flight {
            // Before the request is given away: the policy judges the answer by it.
            context: self.policy.context(&req),
            inner,
            req,
            cause,
            policy: Arc::clone(&self.policy),
            delivery: Delivery {
                remote: lead.take_remote(),
                ..Delivery::new(&self.cache, &lead)
            },
        };
        let policy = Arc::clone(&self.policy);
        lead.begin(Box::pin(Driven::new(flight.run(), move |done| {
            if let Done::Called(Ok(res)) = done {
                policy.unclaimed(res);
            }
        })));
        lead
    }

    pub(super) fn marked<Req, Res, E>(
        &self,
        mut result: Result<Res, E>,
        status: CacheStatus,
    ) -> Result<Res, E>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        if let Ok(res) = &mut result {
            self.policy.mark(res, status);
        }
        result
    }

    pub(crate) fn restore<Req, Res, E>(
        &self,
        value: V,
        status: CacheStatus,
    ) -> Option<Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let result = self.policy.restore(value, status)?;
        self.cache.count(status);
        Some(result)
    }
}

impl<P, K, V, St> Clone for LayerState<P, K, V, St> {
    fn clone(&self) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
            cache: Arc::clone(&self.cache),
        }
    }
}
