use std::{fmt, hash::Hash, sync::Arc};

use crate::{MemoryStore, Stats, Store, cache::Cache};

/// Looks into a cache and empties it; made by [`ResponseCacheLayer::handle`].
///
/// [`ResponseCacheLayer::handle`]: crate::ResponseCacheLayer::handle
pub struct Handle<K, V, St = MemoryStore<K, V>> {
    cache: Arc<Cache<K, V, St>>,
}

impl<K, V, St> Handle<K, V, St> {
    pub(crate) fn new(cache: Arc<Cache<K, V, St>>) -> Self {
        Self { cache }
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> Handle<K, V, St> {
    /// What the cache has done, and what it holds.
    ///
    /// The numbers are read one by one while the cache is at work.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.cache.stats()
    }

    /// Forgets the answer for `key`.
    ///
    /// A call that is under way answers those who wait for it, and is not stored; whoever asks
    /// from now on does not join it.
    pub fn invalidate(&self, key: &K) {
        self.cache.invalidate(key);
    }

    /// Forgets every answer; calls under way are treated as by [`invalidate`](Self::invalidate).
    pub fn clear(&self) {
        self.cache.clear();
    }
}

impl<K, V, St> Clone for Handle<K, V, St> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.cache))
    }
}

impl<K, V, St> fmt::Debug for Handle<K, V, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
