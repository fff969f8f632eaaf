use std::future::Future;

use super::{Outdated, RemoteEntry, RemoteFlight, RemoteLead, SharedMemory};

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
/// # Order
///
/// A write of another process may land after an invalidation, and bring back what that removed. A store that
/// can compare before it writes, as Redis can in a script, forbids that: implement
/// [`insert_newer`](Self::insert_newer) and [`forget`](Self::forget), both or neither. The cache calls these
/// two alone; by default they are `insert` and the removals.
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

    /// Puts `entry` in the place of an earlier entry of `key`, unless it is out of date. Says whether it was
    /// taken.
    ///
    /// It is out of date if the store has an entry of `key` with a larger [version](RemoteEntry::version), or
    /// has been told to [forget](Self::forget) its key, one of its tags, or all before a larger version. Comparing
    /// and writing must be one step.
    ///
    /// By default this is [`insert`](Self::insert), and takes everything.
    fn insert_newer(
        &self,
        key: &K,
        entry: RemoteEntry,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send
    where
        K: Sync,
    {
        async move { self.insert(key, entry).await.map(|()| true) }
    }

    /// Removes what is there of `what` with a version below `before`, and takes no such entry any more.
    ///
    /// Remember `before` for as long as a call may take with its write, an hour to be safe.
    ///
    /// By default this removes what is there, whatever its version, and remembers nothing.
    fn forget(
        &self,
        what: Outdated<'_, K>,
        before: u64,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send
    where
        K: Sync,
    {
        let _ = before;
        async move {
            match what {
                Outdated::Key(key) => self.remove(key).await,
                Outdated::Tag(tag) => self.remove_tag(tag).await,
                Outdated::All => self.clear().await,
            }
        }
    }

    /// Returns the entry of `key`, or says who makes the call for it.
    ///
    /// Of the processes that find nothing one leads at a time. It has [`RemoteFlight::Lead`], and gives it back
    /// by dropping it; the others have [`RemoteFlight::Elsewhere`] and ask again, some times a second, until they
    /// find an entry, lead themselves, or have waited as long as
    /// [`remote_flights`](crate::ResponseCacheLayer::remote_flights) says. A lead whose process has died must
    /// end by itself.
    ///
    /// By default this is [`get`](Self::get), and every process leads.
    fn get_or_lead(&self, key: &K) -> impl Future<Output = Result<RemoteFlight, Self::Error>> + Send
    where
        K: Sync,
    {
        async move {
            let found = self.get(key).await?;
            Ok(found.map_or(RemoteFlight::Lead(RemoteLead::alone()), RemoteFlight::Found))
        }
    }

    /// Hears what other processes invalidate, and lets `memory` forget it.
    ///
    /// The cache runs it in one task, from its first request on, and drops it with itself. What was missed,
    /// as without a connection, must be made up for: let `memory` forget all if it is not known. Should the
    /// runtime of the task end before the cache, the cache forgets all itself and runs this anew.
    ///
    /// By default this ends at once, and memory has old answers for as long as they live.
    fn listen(&self, memory: SharedMemory<K>) -> impl Future<Output = ()> + Send
    where
        K: Send + Sync,
    {
        drop(memory);
        async {}
    }
}
