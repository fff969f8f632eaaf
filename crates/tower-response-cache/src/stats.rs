use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use crate::{policy::CacheStatus, store::StoreStats};

/// A snapshot of what a cache has done since it was made, and of what it holds.
///
/// `misses + refreshes + revalidations + bypasses` is the number of calls made to the inner services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
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
    /// Calls to an inner service past the cache.
    pub bypasses: u64,
    /// Requests for a stored answer only, of which there was none.
    pub absent: u64,
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
    /// What the second level did, if there is one.
    pub remote: RemoteStats,
}

/// What a [`RemoteStore`](crate::RemoteStore) did for a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteStats {
    /// Entries that it gave, stale ones included.
    pub hits: u64,
    /// Questions that it had nothing for.
    pub misses: u64,
    /// Calls that failed, entries that could not be read included.
    pub errors: u64,
}

/// Counts that guard nothing and order nothing, so `Relaxed` is enough.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: Striped,
    misses: AtomicU64,
    joins: AtomicU64,
    stale: AtomicU64,
    refreshes: AtomicU64,
    revalidations: AtomicU64,
    bypasses: AtomicU64,
    absent: AtomicU64,
    stored: AtomicU64,
    refused: AtomicU64,
    remote_hits: AtomicU64,
    remote_misses: AtomicU64,
    remote_errors: AtomicU64,
}

impl Counters {
    pub(crate) fn request(&self, status: CacheStatus) {
        let counter = match status {
            CacheStatus::Hit => self.hits.own(),
            CacheStatus::Miss => &self.misses,
            CacheStatus::Joined => &self.joins,
            CacheStatus::Refreshed => &self.refreshes,
            CacheStatus::Bypass => &self.bypasses,
            CacheStatus::Stale => &self.stale,
            CacheStatus::Absent => &self.absent,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn revalidation(&self) {
        self.revalidations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn insert(&self, taken: bool) {
        let counter = if taken { &self.stored } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remote<T, E>(&self, found: &Result<Option<T>, E>) {
        let counter = match found {
            Ok(Some(_)) => &self.remote_hits,
            Ok(None) => &self.remote_misses,
            Err(_) => &self.remote_errors,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remote_write<E>(&self, written: &Result<(), E>) {
        if written.is_err() {
            self.remote_errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn snapshot(&self, store: StoreStats) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            hits: self.hits.sum(),
            misses: read(&self.misses),
            joins: read(&self.joins),
            stale: read(&self.stale),
            refreshes: read(&self.refreshes),
            revalidations: read(&self.revalidations),
            bypasses: read(&self.bypasses),
            absent: read(&self.absent),
            stored: read(&self.stored),
            refused: read(&self.refused),
            flights: 0,
            waiting: 0,
            store,
            remote: RemoteStats {
                hits: read(&self.remote_hits),
                misses: read(&self.remote_misses),
                errors: read(&self.remote_errors),
            },
        }
    }
}

/// A count that is spread over cache lines by thread: hits come from all cores at once.
#[derive(Debug, Default)]
struct Striped([Line; 8]);

/// Two lines of most processors, since they fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: Cell<Option<usize>> = const { Cell::new(None) };
}

impl Striped {
    fn own(&self) -> &AtomicU64 {
        let thread = THREAD.get().unwrap_or_else(|| {
            let number = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
            THREAD.set(Some(number));
            number
        });
        &self.0[thread % self.0.len()].0
    }

    fn sum(&self) -> u64 {
        let lines = self.0.iter();
        lines.map(|line| line.0.load(Ordering::Relaxed)).sum()
    }
}
