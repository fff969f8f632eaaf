use crate::store::{StoreSnapshot, remote::RemoteSnapshot};

/// What a cache has done since it was made, and what it holds; made by [`Handle::snapshot`].
///
/// [`Handle::snapshot`]: crate::Handle::snapshot
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Requests answered from the store with a fresh answer.
    pub hits: u64,
    /// Calls to an inner service, because nothing was stored.
    pub misses: u64,
    /// Requests answered by a call that another caller had made.
    pub joins: u64,
    /// Requests answered with an old answer: while a new one was fetched, or since the call for it
    /// failed. That call is a miss of its caller's, too.
    pub stale: u64,
    /// Calls to an inner service, because the request asked for a new answer.
    pub refreshes: u64,
    /// Calls to an inner service in the background, for a stale answer.
    pub revalidations: u64,
    /// Of these, those that failed, took too long or were dropped.
    pub failed_revalidations: u64,
    /// Calls to an inner service past the cache.
    pub bypasses: u64,
    /// Requests for a stored answer only, of which there was none.
    pub absent: u64,
    /// Values that the store took.
    pub stored: u64,
    /// Values that the store refused because they were too large.
    pub refused: u64,
    /// Keys for which a call is under way, or its answer [goes on](crate::Keep::later). A key counts twice while it is being refreshed during
    /// another call.
    pub flights: u64,
    /// Callers that wait for one of these calls.
    pub waiting: u64,
    /// What the store holds.
    pub store: StoreSnapshot,
    /// What the remote store did, if there is one.
    pub remote: RemoteSnapshot,
}

impl Snapshot {
    /// Calls made to the inner services.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.misses + self.refreshes + self.revalidations + self.bypasses
    }
}
