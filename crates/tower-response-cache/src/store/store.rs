use tokio::time::Instant;

use super::{Entry, StoreSnapshot};

/// Where a cache keeps its entries in this process.
///
/// The default is [`MemoryStore`]; implement this trait to put another in its place, with
/// [`ResponseCacheLayer::with_store`]. A store that is far away, slow, and may fail is a
/// [`RemoteStore`], which stands behind this one.
///
/// The methods run on the caller's task and must not block. A store bounds itself, by the weights
/// of its entries.
///
/// [`MemoryStore`]: crate::MemoryStore
/// [`RemoteStore`]: crate::RemoteStore
/// [`ResponseCacheLayer::with_store`]: crate::ResponseCacheLayer::with_store
pub trait Store<K, V>: Send + Sync + 'static {
    /// Returns the entry of `key`, unless it is expired at `now`; a stale one too.
    fn get(&self, key: &K, now: Instant) -> Option<Entry<V>>;

    /// Puts `entry` in the place of any earlier entry of `key`, and says whether it was taken.
    ///
    /// A store that refuses an entry, because it is too large, drops the earlier one all the same:
    /// that one is outdated.
    fn insert(&self, key: K, entry: Entry<V>) -> bool;

    /// Removes the entry of `key`.
    fn remove(&self, key: &K);

    /// Removes every entry that [has](Entry::has_tag) `tag`.
    fn remove_tag(&self, tag: &str);

    /// Removes every entry.
    fn clear(&self);

    /// What the store holds now.
    fn snapshot(&self) -> StoreSnapshot;
}
