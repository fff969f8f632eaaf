//! A store in which something happens at the worst moment, once.

#![allow(dead_code)]

use std::sync::{Arc, Mutex};

use tokio::time::Instant;
use tower_response_cache::{Entry, MemoryStore, Store, StoreSnapshot};

type Deed<K, V> = Box<dyn FnOnce(&MemoryStore<K, V>) + Send>;

pub(crate) struct Interfering<K, V> {
    inner: Arc<MemoryStore<K, V>>,
    /// After an entry was read.
    reading: Arc<Mutex<Option<Deed<K, V>>>>,
    /// Before an entry is stored.
    storing: Arc<Mutex<Option<Deed<K, V>>>>,
}

impl<K, V> Interfering<K, V> {
    pub(crate) fn new(inner: MemoryStore<K, V>) -> Self {
        Self {
            inner: Arc::new(inner),
            reading: Arc::default(),
            storing: Arc::default(),
        }
    }

    pub(crate) fn at_the_next_read(&self, deed: impl FnOnce(&MemoryStore<K, V>) + Send + 'static) {
        *self.reading.lock().expect("no panic") = Some(Box::new(deed));
    }

    pub(crate) fn at_the_next_insert(
        &self,
        deed: impl FnOnce(&MemoryStore<K, V>) + Send + 'static,
    ) {
        *self.storing.lock().expect("no panic") = Some(Box::new(deed));
    }
}

impl<K, V> Clone for Interfering<K, V> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            reading: Arc::clone(&self.reading),
            storing: Arc::clone(&self.storing),
        }
    }
}

impl<K: 'static, V: 'static> Store<K, V> for Interfering<K, V>
where
    MemoryStore<K, V>: Store<K, V>,
{
    fn get(&self, key: &K, now: Instant) -> Option<Entry<V>> {
        let entry = self.inner.get(key, now);
        let deed = self.reading.lock().expect("no panic").take();
        deed.into_iter().for_each(|deed| deed(&self.inner));
        entry
    }

    fn insert(&self, key: K, entry: Entry<V>) -> bool {
        let deed = self.storing.lock().expect("no panic").take();
        deed.into_iter().for_each(|deed| deed(&self.inner));
        self.inner.insert(key, entry)
    }

    fn remove(&self, key: &K) {
        self.inner.remove(key);
    }

    fn remove_tag(&self, tag: &str) {
        self.inner.remove_tag(tag);
    }

    fn clear(&self) {
        self.inner.clear();
    }

    fn snapshot(&self) -> StoreSnapshot {
        self.inner.snapshot()
    }
}
