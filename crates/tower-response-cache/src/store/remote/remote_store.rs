use std::future::Future;

use super::RemoteEntry;

/// A store behind the [`Store`] of this process: slow, shared between processes, and fallible. Made part
/// of a cache by [`ResponseCacheLayer::with_remote`].
///
/// A flight that finds nothing in this process asks it once, before the inner service. What it has is
/// then stored in this process as well. It is written to in the background, after the callers have
/// their answer. An error counts as a miss, and in [`RemoteSnapshot::errors`]. Each call
/// may take as long as [`remote_timeout`](crate::ResponseCacheLayer::remote_timeout) says, then it is dropped.
///
/// Values get here as bytes, by the [`Codec`] of their type.
///
/// For Redis, `insert` is `SET key bytes PX expires_in`, and `get` is `GET key` with `PTTL key`.
///
/// [`Codec`]: crate::Codec
/// [`RemoteSnapshot::errors`]: crate::RemoteSnapshot::errors
/// [`ResponseCacheLayer::with_remote`]: crate::ResponseCacheLayer::with_remote
/// [`Store`]: crate::Store
pub trait RemoteStore<K>: Send + Sync + 'static {
    /// Why the store could not be reached, or did not do what it was asked.
    type Error;

    /// Returns the entry of `key`, with the time that is left to it.
    fn get(&self, key: &K)
    -> impl Future<Output = Result<Option<RemoteEntry>, Self::Error>> + Send;

    /// Puts `entry` in the place of any earlier entry of `key`.
    fn insert(
        &self,
        key: &K,
        entry: RemoteEntry,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes the entry of `key`.
    fn remove(&self, key: &K) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes every entry with `tag`.
    fn remove_tag(&self, tag: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes every entry.
    fn clear(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
