use std::sync::atomic::{AtomicU64, Ordering};

use crate::{CacheStatus, StoreStats};

/// A snapshot of what a cache has done since it was made, and of what it holds.
///
/// `misses + refreshes + bypasses` is the number of calls made to the inner services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests answered from the store.
    pub hits: u64,
    /// Calls to an inner service, because nothing was stored.
    pub misses: u64,
    /// Requests answered by a call that another caller had under way.
    pub joins: u64,
    /// Calls to an inner service, because the request asked for a new answer.
    pub refreshes: u64,
    /// Calls to an inner service past the cache.
    pub bypasses: u64,
    /// Values that the store took.
    pub stored: u64,
    /// Values that the store refused because they were too large.
    pub refused: u64,
    /// Keys for which a call is under way. A key counts twice while it is being refreshed during
    /// another call.
    pub flights: u64,
    /// Callers that wait for one of these calls.
    pub waiting: u64,
    /// What the store holds.
    pub store: StoreStats,
}

/// Counts that guard nothing and order nothing, so `Relaxed` is enough.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    joins: AtomicU64,
    refreshes: AtomicU64,
    bypasses: AtomicU64,
    stored: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    pub(crate) fn request(&self, status: CacheStatus) {
        let counter = match status {
            CacheStatus::Hit => &self.hits,
            CacheStatus::Miss => &self.misses,
            CacheStatus::Joined => &self.joins,
            CacheStatus::Refreshed => &self.refreshes,
            CacheStatus::Bypass => &self.bypasses,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn insert(&self, taken: bool) {
        let counter = if taken { &self.stored } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self, store: StoreStats) -> Stats {
        Stats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            joins: self.joins.load(Ordering::Relaxed),
            refreshes: self.refreshes.load(Ordering::Relaxed),
            bypasses: self.bypasses.load(Ordering::Relaxed),
            stored: self.stored.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            flights: 0,
            waiting: 0,
            store,
        }
    }
}
