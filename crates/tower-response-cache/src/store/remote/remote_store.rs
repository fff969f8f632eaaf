use std::{fmt, future::Future, sync::Arc, time::Duration};

/// A second level behind the [`Store`] at hand: slow, shared between processes, and fallible.
///
/// It is asked once for each flight that found nothing at hand, before the inner service is; what it
/// answers is then at hand as well. It is written to in the background, after the callers have their
/// answer. An error counts as a miss, and in [`RemoteStats::errors`]. Each call should have a limit of
/// time, since the callers wait as long as [`get`](Self::get) does.
///
/// Values get here as bytes, by the [`Codec`] of their type. Make a cache of two levels with
/// [`ResponseCacheLayer::with_remote`].
///
/// For Redis, `insert` is `SET key bytes PX expires_in`, and `get` is `GET key` with `PTTL key`.
///
/// [`Codec`]: crate::Codec
/// [`RemoteStats::errors`]: crate::RemoteStats::errors
/// [`ResponseCacheLayer::with_remote`]: crate::ResponseCacheLayer::with_remote
/// [`Store`]: crate::Store
pub trait RemoteStore<K>: Send + Sync + 'static {
    /// Why the store could not be reached, or did not do what it was asked.
    type Error;

    /// Returns the entry of `key`, with the time that is left to it.
    fn get(&self, key: &K) -> impl Future<Output = Result<Option<Remote>, Self::Error>> + Send;

    /// Puts `entry` in the place of any earlier entry of `key`.
    fn insert(
        &self,
        key: &K,
        entry: Remote,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes the entry of `key`.
    fn remove(&self, key: &K) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes every entry with `tag`.
    fn remove_tag(&self, tag: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes every entry.
    fn clear(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// An entry of a [`RemoteStore`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remote {
    /// The value and what belongs to it, to be given back as they are.
    pub bytes: Vec<u8>,
    /// How long the entry is good for something from now on; [`Duration::MAX`] is for ever.
    pub expires_in: Duration,
    /// The tags by which it is to be found. Not needed when it is read: the bytes have them too.
    pub tags: Arc<[Arc<str>]>,
}

impl Remote {
    /// What a store read: the bytes that were inserted, and the time that is left to them.
    #[must_use]
    pub fn new(bytes: Vec<u8>, expires_in: Duration) -> Self {
        Self {
            bytes,
            expires_in,
            tags: Arc::default(),
        }
    }
}

// The bytes may be an answer of a user's; they stay out of any log.
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("length", &self.bytes.len())
            .field("expires_in", &self.expires_in)
            .field("tags", &self.tags)
            .finish()
    }
}
