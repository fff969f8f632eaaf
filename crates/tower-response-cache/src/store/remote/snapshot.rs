/// What a [`RemoteStore`](crate::RemoteStore) did for a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteSnapshot {
    /// Entries that it gave, stale ones included.
    pub hits: u64,
    /// Keys that it had nothing for.
    pub misses: u64,
    /// Calls that failed, entries that could not be read included.
    pub errors: u64,
    /// Questions that were not asked, since it had failed several times in a row.
    pub not_asked: u64,
    /// Flights that waited for the call of another process.
    pub waits: u64,
}
