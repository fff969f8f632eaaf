use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::store::{StoreSnapshot, remote::Failure, remote::RemoteSnapshot};
use crate::{policy::CacheStatus, snapshot::Snapshot};

/// What a [`Snapshot`] counts. The counts guard nothing and order nothing, so `Relaxed` is enough.
#[derive(Default)]
pub(crate) struct Counters {
    hits: Striped,
    misses: AtomicU64,
    joins: AtomicU64,
    stale: AtomicU64,
    refreshes: AtomicU64,
    revalidations: AtomicU64,
    failed_revalidations: AtomicU64,
    bypasses: AtomicU64,
    absent: AtomicU64,
    stored: AtomicU64,
    refused: AtomicU64,
    remote_hits: AtomicU64,
    remote_misses: AtomicU64,
    remote_errors: AtomicU64,
    remote_not_asked: AtomicU64,
    remote_waits: AtomicU64,
}

impl Counters {
    pub(crate) fn request(&self, status: CacheStatus) {
        let counter = match status {
            CacheStatus::Hit => self.hits.own(),
            CacheStatus::Miss | CacheStatus::Expired => &self.misses,
            CacheStatus::Joined => &self.joins,
            CacheStatus::Refreshed => &self.refreshes,
            CacheStatus::Bypass => &self.bypasses,
            CacheStatus::Stale | CacheStatus::StaleIfError => &self.stale,
            CacheStatus::Absent => &self.absent,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn revalidation(&self) {
        self.revalidations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed_revalidation(&self) {
        self.failed_revalidations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn insert(&self, taken: bool) {
        let counter = if taken { &self.stored } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remote_read(&self, hit: bool) {
        let counter = if hit {
            &self.remote_hits
        } else {
            &self.remote_misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remote_failure(&self, failure: Failure) {
        let counter = match failure {
            Failure::Unreachable | Failure::Unreadable => &self.remote_errors,
            Failure::NotAsked => &self.remote_not_asked,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remote_wait(&self) {
        self.remote_waits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self, store: StoreSnapshot) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            hits: self.hits.sum(),
            misses: read(&self.misses),
            joins: read(&self.joins),
            stale: read(&self.stale),
            refreshes: read(&self.refreshes),
            revalidations: read(&self.revalidations),
            failed_revalidations: read(&self.failed_revalidations),
            bypasses: read(&self.bypasses),
            absent: read(&self.absent),
            stored: read(&self.stored),
            refused: read(&self.refused),
            flights: 0,
            waiting: 0,
            store,
            remote: RemoteSnapshot {
                hits: read(&self.remote_hits),
                misses: read(&self.remote_misses),
                errors: read(&self.remote_errors),
                not_asked: read(&self.remote_not_asked),
                waits: read(&self.remote_waits),
            },
        }
    }
}

/// A count that is spread over cache lines by thread, since hits come from all cores at once.
#[derive(Default)]
struct Striped([Line; 8]);

/// Two cache lines of most processors, since they fetch lines in pairs.
#[derive(Default)]
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
