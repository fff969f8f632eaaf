use std::future::Future;

use super::RemoteEntry;

/// A second level behind the [`Store`] at hand: slow, shared between processes, and fallible.
///
/// It is asked once for each flight that found nothing at hand, before the inner service is; what it
/// answers is then at hand as well. It is written to in the background, after the callers have their
/// answer. An error counts as a miss, and in [`RemoteSnapshot::errors`]. Each call should have a limit of
/// time, since the callers wait as long as [`get`](Self::get) does.
///
/// Values get here as bytes, by the [`Codec`] of their type. Make a cache of two levels with
/// [`ResponseCacheLayer::with_remote`].
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
