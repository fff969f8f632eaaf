use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, and recovers the data of a lock that a panic has poisoned: the only foreign code under
/// a lock is what a key does to be found, copied and printed, and nothing is half changed by then.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
