use std::{hash::Hash, sync::Arc};

use tokio::{runtime, time::Instant};

use crate::{
    flight::callers::shared_table::{Key, SharedTable, Value},
    invalidation::{Invalidation, NotInvalidated},
    policy::CacheStatus,
    stats::{Counters, Stats},
    store::remote::Remote,
    store::remote::erased::{ErasedRemote, Scope},
    store::{Entry, Freshness, Store},
    telemetry::Telemetry,
};

/// What all services of one layer value share.
pub(crate) struct Cache<K, V, St> {
    store: St,
    remote: Option<Box<dyn ErasedRemote<K, V>>>,
    flights: Arc<SharedTable<K, V>>,
    counters: Counters,
    telemetry: Telemetry,
}

impl<K, V, St> Cache<K, V, St> {
    pub(crate) fn new(store: St, remote: Option<Box<dyn ErasedRemote<K, V>>>) -> Self {
        Self {
            store,
            remote,
            flights: Arc::new(SharedTable::new()),
            counters: Counters::default(),
            telemetry: Telemetry::default(),
        }
    }

    pub(crate) fn flights(&self) -> &Arc<SharedTable<K, V>> {
        &self.flights
    }

    pub(crate) fn has_remote(&self) -> bool {
        self.remote.is_some()
    }

    pub(crate) fn count(&self, status: CacheStatus) {
        self.counters.request(status);
        self.telemetry.request(status);
    }

    /// Counts a call that no request waits for.
    pub(crate) fn count_revalidation(&self) {
        self.counters.revalidation();
        self.telemetry.revalidation();
    }

    /// Counts an old answer to a request that is counted already, by the call that failed.
    pub(crate) fn count_stale(&self) {
        self.counters.request(CacheStatus::Stale);
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> Cache<K, V, St> {
    /// The entry at hand, unless it is expired.
    pub(crate) fn get(&self, key: &K) -> Option<(V, Freshness)> {
        let now = Instant::now();
        let entry = self.store.get(key, now)?;
        let freshness = entry.freshness(now);
        (freshness != Freshness::Expired).then(|| (entry.into_value(), freshness))
    }

    pub(crate) fn get_fresh(&self, key: &K) -> Option<V> {
        let (value, freshness) = self.get(key)?;
        (freshness == Freshness::Fresh).then_some(value)
    }

    /// The entry of the second level; what it could not give is none.
    pub(crate) async fn fetch(&self, key: &K) -> Option<Entry<V>> {
        let remote = self.remote.as_ref()?;
        if self.flights.is_taking_back(key) {
            return None;
        }
        let found = remote.get(key).await;
        self.counters.remote(&found);
        found.ok().flatten()
    }

    /// Stores at hand.
    pub(crate) fn insert(&self, key: K, entry: Entry<V>) {
        self.counters.insert(self.store.insert(key, entry));
    }

    /// What the second level is to have of `entry`, if there is one.
    pub(crate) fn encode(&self, entry: &Entry<V>) -> Option<Remote> {
        self.remote.as_ref()?.encode(entry)
    }

    pub(crate) fn remove(&self, key: &K) {
        self.store.remove(key);
    }

    pub(crate) fn stats(&self) -> Stats {
        let (flights, waiting) = self.flights.count();
        Stats {
            flights,
            waiting,
            ..self.counters.snapshot(self.store.stats())
        }
    }

    // Flights first: one that has stored already is undone by the second step, and one that has
    // not finds that it may not, or takes its value back.
    fn forget(&self, scope: &Scope<K>) {
        match scope {
            Scope::Key(key) => {
                self.flights.revoke(key);
                self.store.remove(key);
            }
            Scope::Tag(tag) => {
                self.flights.revoke_tag(tag);
                self.store.remove_tag(tag);
            }
            Scope::All => {
                self.flights.revoke_all();
                self.store.clear();
            }
        }
    }
}

impl<K: Key, V: Value, St: Store<K, V>> Cache<K, V, St> {
    pub(crate) fn invalidate(self: &Arc<Self>, scope: Scope<K>) -> Invalidation {
        self.forget(&scope);
        if self.remote.is_none() {
            return Invalidation::done();
        }
        let cache = Arc::clone(self);
        Invalidation::remote(async move {
            let Some(remote) = &cache.remote else {
                return Ok(());
            };
            let forgotten = remote.forget(&scope).await;
            cache.counters.remote_write(&forgotten);
            // What was read there in the meantime is old.
            cache.forget(&scope);
            forgotten.map_err(|_| NotInvalidated)
        })
    }

    /// Writes to the second level in a task of its own, then ends the flight.
    pub(crate) fn write_behind(self: Arc<Self>, key: K, flight: u64, entry: Remote) {
        let writing = Writing {
            cache: self,
            key,
            flight,
        };
        match runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(writing.write(entry))),
            Err(_) => writing
                .cache
                .counters
                .remote_write(&Err(crate::store::remote::erased::Unreachable)),
        }
    }
}

/// A flight whose answer is on its way to the second level. Dropped, it ends.
struct Writing<K: Key, V: Value, St: Store<K, V>> {
    cache: Arc<Cache<K, V, St>>,
    key: K,
    flight: u64,
}

impl<K: Key, V: Value, St: Store<K, V>> Writing<K, V, St> {
    async fn write(self, entry: Remote) {
        let Some(remote) = &self.cache.remote else {
            return;
        };
        let written = remote.insert(&self.key, entry).await;
        self.cache.counters.remote_write(&written);
        if !(self.cache.flights).end_if_keepable(&self.key, self.flight) {
            // Invalidated, or overtaken by a later call, while it was written.
            let forgotten = remote.forget(&Scope::Key(self.key.clone())).await;
            self.cache.counters.remote_write(&forgotten);
        }
    }
}

impl<K: Key, V: Value, St: Store<K, V>> Drop for Writing<K, V, St> {
    fn drop(&mut self) {
        self.cache.flights.land(&self.key, self.flight, false);
    }
}
