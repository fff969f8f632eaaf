//! What the layers of a stack are doing.

use super::{BreakerLayer, CacheLayer, StackLayer, TokenQuotaLayer};
use crate::{
    monitor::Monitor,
    policy::{Answer, cache::CacheKey},
};
use std::sync::Arc;
use tower_circuit_breaker::Circuits;

/// Of the cache.
impl<B, Q> StackLayer<CacheLayer, B, Q> {
    /// Shows and steers the cache.
    #[must_use]
    pub fn cache_handle(&self) -> tower_response_cache::Handle<CacheKey, Answer> {
        self.share().cache.layer.handle()
    }
}

/// Of the circuit breaker.
impl<C, Q> StackLayer<C, BreakerLayer, Q> {
    /// Shows and steers the circuits, by `"region/model"`.
    #[must_use]
    pub fn circuits(&self) -> Circuits<Arc<str>> {
        self.share().breaker.layer.circuits()
    }
}

/// Of the quota.
impl<C, B> StackLayer<C, B, TokenQuotaLayer> {
    /// Shows what each `"region/model"` uses of its quota.
    #[must_use]
    pub fn quota_handle(&self) -> tower_quota::Handle<Arc<str>> {
        self.share().quota.layer.handle()
    }

    /// Counts the tokens of each `"region/model"`, and advises a `max_tokens`.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        self.share().quota.layer.cost().monitor()
    }
}

/// Of the retries.
impl<C, B, Q> StackLayer<C, B, Q> {
    /// Counts attempts, retries and calls given up.
    #[must_use]
    pub fn backoff_handle(&self) -> tower_backoff::Handle {
        self.share().backoff.layer.handle()
    }
}
