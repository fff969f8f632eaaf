use super::{
    BreakerLayer, CacheLayer, RetryLayer, StackLayer, TokenQuotaLayer,
    layer::Layers,
    model_snapshot::ModelSnapshot,
    places::{BreakerPlace, CachePlace, QuotaPlace},
    snapshot::Snapshot,
};
use crate::{
    monitor::Monitor,
    policy::{Answer, cache::CacheKey},
};
use std::{collections::BTreeMap, fmt, sync::Arc};
use tower_circuit_breaker::Circuits;

/// Shows and steers all layers of a stack; made by [`StackLayer::handle`].
///
/// [`snapshot`](Self::snapshot) shows everything at once. The layers' own handles show and do more.
///
/// The type parameters are those of the [`StackLayer`]. A layer that was left out has no handle.
///
/// ```
/// use tower_bedrock::StackLayer;
///
/// let stack = StackLayer::new("us-east-1");
/// let handle = stack.handle();
/// println!("{}", handle.snapshot());
/// ```
///
/// # Clone
///
/// A clone is of the same stack; it costs a reference count.
pub struct Handle<C = CacheLayer, B = BreakerLayer, Q = TokenQuotaLayer> {
    layers: Arc<Layers<C, B, Q>>,
}

impl<C: CachePlace, B: BreakerPlace, Q: QuotaPlace> StackLayer<C, B, Q> {
    /// Shows and steers all layers.
    #[must_use]
    pub fn handle(&self) -> Handle<C, B, Q> {
        Handle {
            layers: Arc::new(self.share().clone()),
        }
    }
}

impl<C: CachePlace, B: BreakerPlace, Q: QuotaPlace> Handle<C, B, Q> {
    /// What all layers do and have done.
    ///
    /// Each layer's part is of one moment. Layer after layer is read while calls go on, so the parts may
    /// be some calls apart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let layers = &*self.layers;
        let mut models = BTreeMap::new();
        layers.quota.layer.show(&mut models);
        layers.breaker.layer.show(&mut models);
        Snapshot {
            region: Arc::clone(&layers.region),
            models: models.into_values().collect(),
            cache: layers.cache.layer.show(),
            retries: layers.backoff.layer.handle().snapshot(),
        }
    }
}

impl<B, Q> Handle<CacheLayer, B, Q> {
    /// Shows and steers the cache.
    #[must_use]
    pub fn cache(&self) -> tower_response_cache::Handle<CacheKey, Answer> {
        self.layers.cache.layer.handle()
    }
}

impl<C, Q> Handle<C, BreakerLayer, Q> {
    /// Shows and steers the circuits, by `"region/model"`.
    #[must_use]
    pub fn circuits(&self) -> Circuits<Arc<str>> {
        self.layers.breaker.layer.circuits()
    }
}

impl<C, B> Handle<C, B, TokenQuotaLayer> {
    /// Shows what each `"region/model"` uses of its quota.
    #[must_use]
    pub fn quota(&self) -> tower_quota::Handle<Arc<str>> {
        self.layers.quota.layer.handle()
    }

    /// Counts the tokens of each `"region/model"`, and advises a `max_tokens`.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        self.layers.quota.layer.cost().monitor()
    }
}

impl<C, B, Q> Handle<C, B, Q> {
    /// Counts attempts, retries and calls given up.
    #[must_use]
    pub fn backoff(&self) -> tower_backoff::Handle {
        let backoff: &RetryLayer = &self.layers.backoff.layer;
        backoff.handle()
    }
}

impl<C, B, Q> Clone for Handle<C, B, Q> {
    fn clone(&self) -> Self {
        Self {
            layers: Arc::clone(&self.layers),
        }
    }
}

impl<C: CachePlace, B: BreakerPlace, Q: QuotaPlace> fmt::Debug for Handle<C, B, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}

/// The rows of a snapshot while it is made.
pub(super) type Rows = BTreeMap<Arc<str>, ModelSnapshot>;
