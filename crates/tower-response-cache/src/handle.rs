use std::{fmt, hash::Hash, sync::Arc};

use crate::store::{MemoryStore, Scope, Store};
use crate::{flight::Cache, invalidation::Invalidation, snapshot::Snapshot};

/// Looks into a cache and empties it; made by [`ResponseCacheLayer::handle`].
///
/// A call that is under way when its answer is invalidated still answers those who wait for it. Its
/// answer is not stored, and whoever asks from then on does not join it.
///
/// [`ResponseCacheLayer::handle`]: crate::ResponseCacheLayer::handle
pub struct Handle<K, V, St = MemoryStore<K, V>> {
    cache: Arc<Cache<K, V, St>>,
}

impl<K, V, St> Handle<K, V, St> {
    pub(crate) fn new(cache: Arc<Cache<K, V, St>>) -> Self {
        Self { cache }
    }

    /// The layer's [name](crate::ResponseCacheLayer::name).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.cache.settings().name
    }

    #[cfg(feature = "http")]
    pub(crate) fn cache(&self) -> &Arc<Cache<K, V, St>> {
        &self.cache
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> Handle<K, V, St> {
    /// What the cache has done, and what it holds.
    ///
    /// The numbers are read one by one while the cache is at work.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.cache.snapshot()
    }
}

/// What is stored in this process is forgotten at once; see [`Invalidation`] for a remote store.
#[allow(
    clippy::must_use_candidate,
    reason = "without a remote store nothing is left to await"
)]
impl<K, V, St> Handle<K, V, St>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    St: Store<K, V>,
{
    /// Forgets the answer for `key`.
    pub fn invalidate(&self, key: &K) -> Invalidation {
        Invalidation::new(&self.cache, Scope::Key(key.clone()))
    }

    /// Forgets every answer that was kept [with](crate::Keep::with_tags) `tag`.
    ///
    /// This looks at every entry. A call that is under way is not joined any more, unless the policy
    /// [says](crate::Policy::possible_tags) that its answer cannot have the tag.
    pub fn invalidate_tag(&self, tag: &str) -> Invalidation {
        Invalidation::new(&self.cache, Scope::Tag(tag.into()))
    }

    /// Forgets every answer.
    pub fn clear(&self) -> Invalidation {
        Invalidation::new(&self.cache, Scope::All)
    }
}

impl<K, V, St> Clone for Handle<K, V, St> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.cache))
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> fmt::Debug for Handle<K, V, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
