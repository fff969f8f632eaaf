use std::{fmt, hash::Hash};

use metrics::{counter, gauge};

use crate::{
    handle::Handle,
    store::{MemoryStore, Store},
};

/// Publishes what a cache holds, as gauges.
///
/// [`record`](Self::record) is to be called before each scrape, or now and then. Which gauges there are
/// is in the [guide](crate::docs::telemetry_and_cost).
pub struct Gauges<K, V, St = MemoryStore<K, V>> {
    handle: Handle<K, V, St>,
}

impl<K: Hash + Eq, V, St: Store<K, V>> Gauges<K, V, St> {
    /// Gauges for the cache of `handle`.
    #[must_use]
    pub const fn new(handle: Handle<K, V, St>) -> Self {
        Self { handle }
    }

    /// Sets the gauges to what is true now.
    pub fn record(&self) {
        let name = self.handle.name();
        let now = self.handle.snapshot();
        for (metric, value) in [
            ("tower_response_cache_entries", now.store.entries),
            ("tower_response_cache_weight", now.store.weight),
            ("tower_response_cache_flights", now.flights),
            ("tower_response_cache_waiting", now.waiting),
        ] {
            gauge!(metric, "name" => name).set(value as f64);
        }
        for (metric, value) in [
            ("tower_response_cache_stored_total", now.stored),
            ("tower_response_cache_refused_total", now.refused),
            ("tower_response_cache_evicted_total", now.store.evicted),
        ] {
            counter!(metric, "name" => name).absolute(value);
        }
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> fmt::Debug for Gauges<K, V, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges")
            .field("handle", &self.handle)
            .finish()
    }
}
