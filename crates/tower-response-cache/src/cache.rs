use std::{hash::Hash, sync::Arc};

use tokio::time::Instant;

use crate::{
    CacheStatus, Entry, Keep, Stats, Store, flights::Flights, stats::Counters, telemetry::Telemetry,
};

/// What all services of one layer value share.
pub(crate) struct Cache<K, V, St> {
    store: St,
    flights: Arc<Flights<K, V>>,
    counters: Counters,
    telemetry: Telemetry,
}

impl<K, V, St> Cache<K, V, St> {
    pub(crate) fn new(store: St) -> Self {
        Self {
            store,
            flights: Arc::new(Flights::new()),
            counters: Counters::default(),
            telemetry: Telemetry::default(),
        }
    }

    pub(crate) fn flights(&self) -> &Arc<Flights<K, V>> {
        &self.flights
    }

    pub(crate) fn count(&self, status: CacheStatus) {
        self.counters.request(status);
        self.telemetry.request(status);
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> Cache<K, V, St> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.store.get(key, Instant::now()).map(Entry::into_value)
    }

    pub(crate) fn insert(&self, key: K, value: V, keep: Keep) {
        let entry = Entry::new(value, keep, Instant::now());
        self.counters.insert(self.store.insert(key, entry));
    }

    pub(crate) fn remove(&self, key: &K) {
        self.store.remove(key);
    }

    // Flights first: one that has stored already is undone by the second step, and one that has
    // not finds that it may not, or takes its value back.
    pub(crate) fn invalidate(&self, key: &K) {
        self.flights.revoke(key);
        self.store.remove(key);
    }

    pub(crate) fn clear(&self) {
        self.flights.revoke_all();
        self.store.clear();
    }

    pub(crate) fn stats(&self) -> Stats {
        let (flights, waiting) = self.flights.count();
        Stats {
            flights,
            waiting,
            ..self.counters.snapshot(self.store.stats())
        }
    }
}
