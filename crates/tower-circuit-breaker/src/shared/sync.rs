//! The two primitives whose interleavings loom explores; everything else is std.
//! `RUSTFLAGS="--cfg loom" cargo test --release --lib` runs its models.

#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};

/// Locks, and recovers the data of a lock that a panic has poisoned: the only foreign code under a
/// lock is what a key does to be found, copied and printed, and nothing is half changed by then.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
