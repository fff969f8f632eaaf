use crate::{
    policy::{Answer, cache::CacheKey},
    stack::Handle,
};
use std::{fmt, sync::Arc};
use tower_circuit_breaker::Circuits;

/// Publishes what the layers of a stack are doing, as gauges: what each key uses of its quota, how its
/// circuit is, and what the cache holds.
///
/// [`record`](Self::record) is to be called before each scrape, or now and then:
///
/// ```
/// use tower_bedrock::{StackLayer, telemetry::Gauges};
///
/// let stack = StackLayer::new("us-east-1");
/// let gauges = Gauges::of(&stack.handle());
/// gauges.record();
/// ```
///
/// A key is a Region and a model. The first 100 that are seen have gauges.
#[derive(Default)]
pub struct Gauges {
    parts: Vec<Box<dyn Fn() + Send + Sync>>,
}

/// How many keys have gauges.
const MAX_KEYS: usize = 100;

impl Gauges {
    /// The gauges of a whole stack.
    #[must_use]
    pub fn of(stack: &Handle) -> Self {
        Self::new()
            .quota(stack.quota())
            .circuits(stack.circuits())
            .cache(stack.cache())
    }

    /// No gauges yet: for a stack by hand, or one without a layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds those of a quota layer.
    #[must_use]
    pub fn quota(self, handle: tower_quota::Handle<Arc<str>>) -> Self {
        let gauges = tower_quota::Gauges::new(handle, MAX_KEYS);
        self.with(move || gauges.record())
    }

    /// Adds those of a circuit breaker.
    #[must_use]
    pub fn circuits(self, circuits: Circuits<Arc<str>>) -> Self {
        let gauges = tower_circuit_breaker::Gauges::new(circuits, MAX_KEYS);
        self.with(move || gauges.record())
    }

    /// Adds those of a cache.
    #[must_use]
    pub fn cache(self, handle: tower_response_cache::Handle<CacheKey, Answer>) -> Self {
        let gauges = tower_response_cache::Gauges::new(handle);
        self.with(move || gauges.record())
    }

    fn with(mut self, record: impl Fn() + Send + Sync + 'static) -> Self {
        self.parts.push(Box::new(record));
        self
    }

    /// Sets the gauges to what is true now.
    pub fn record(&self) {
        self.parts.iter().for_each(|record| record());
    }
}

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges").finish_non_exhaustive()
    }
}
