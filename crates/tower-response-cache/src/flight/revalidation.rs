use std::{hash::Hash, sync::Arc};

use super::cache::Cache;

/// A call for a stale answer. Dropped before it has succeeded, it has failed, and the next one for that
/// key waits.
pub(super) struct Revalidation<K: Clone + Hash + Eq, V, St> {
    cache: Arc<Cache<K, V, St>>,
    key: K,
    succeeded: bool,
}

impl<K: Clone + Hash + Eq, V, St> Revalidation<K, V, St> {
    pub(super) fn new(cache: &Arc<Cache<K, V, St>>, key: &K) -> Self {
        Self {
            cache: Arc::clone(cache),
            key: key.clone(),
            succeeded: false,
        }
    }

    pub(super) fn succeed(mut self) {
        self.succeeded = true;
    }
}

impl<K: Clone + Hash + Eq, V, St> Drop for Revalidation<K, V, St> {
    fn drop(&mut self) {
        if self.succeeded {
            self.cache.revalidated(&self.key);
        } else {
            self.cache.not_revalidated(self.key.clone());
        }
    }
}
