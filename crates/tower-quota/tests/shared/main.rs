//! Processes that share a quota through a log, in virtual time.

mod clock;
mod contract;
mod fault;
mod faults;
mod fleet;
mod fuzz;
mod hosts;
mod memory_log;
#[path = "../metered/mod.rs"]
mod metered;
mod plan;
mod reach;
mod report;
mod rows;
mod table;
mod work;

use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
