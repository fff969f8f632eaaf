//! The two primitives whose interleavings loom explores; everything else is std.
//! `RUSTFLAGS="--cfg loom" cargo test --release --lib` runs its models.

#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};

/// Locks, poisoned or not. The only foreign code that runs under a lock is a key's `Hash`, `Eq`,
/// `Clone` and `Display`; should one of them panic, nothing is half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
