//! The two primitives whose interleavings loom explores; everything else is std.

#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};

/// Locks, and recovers the data of a lock that a panic has poisoned: no data here is left half
/// written by a panic, since no foreign code runs under a lock except `Hash`, `Eq` and `Clone` of
/// a key, before anything is changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
