use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{flight_table::FlightTable, message::Waiter};
use crate::settings::Settings;

/// What the key of a flight has to be: it is stored, and goes to a task where one finishes the flight.
pub(crate) trait Key: Hash + Eq + Clone + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Key for K {}

/// What the answer of a flight has to be.
pub(crate) trait Value: Clone + Send + Sync + 'static {}

impl<V: Clone + Send + Sync + 'static> Value for V {}

/// An answer that goes on is shared, so that it is neither cloned nor dropped under the lock.
pub(crate) type Flights<K, V> = FlightTable<K, Waiter<V>, Arc<V>>;

/// The table of flights behind its lock, shared by all who lead a flight or wait for one.
pub(crate) struct LockedTable<K, V> {
    table: Mutex<Flights<K, V>>,
    /// How many answers were stored.
    stored: AtomicU64,
    settings: Settings,
}

impl<K, V> LockedTable<K, V> {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            table: Mutex::new(FlightTable::new()),
            stored: AtomicU64::new(0),
            settings,
        }
    }

    /// How many answers have been stored. Whoever finds as many before a look at the store and, with no flight
    /// to join, after a look at the table, need not look at the store again.
    pub(crate) fn stored(&self) -> u64 {
        // Acquire, with the Release below: the store is read after it, and has at least so many answers.
        self.stored.load(Ordering::Acquire)
    }

    /// Notes that an answer was stored, before its flight leaves the table.
    pub(crate) fn note_stored(&self) {
        self.stored.fetch_add(1, Ordering::Release);
    }

    /// Whether a call is finished after all its callers have left.
    pub(super) fn finish_abandoned(&self) -> bool {
        self.settings.finish_abandoned
    }

    /// How long a call may take that no caller drives.
    pub(super) fn background_timeout(&self) -> Duration {
        self.settings.background_timeout
    }

    /// Looks into the table, or changes it.
    ///
    /// A closure and not a guard: no waiter is woken and no work is dropped under the lock, since
    /// both can run a user's code, which may come back here. What does run under it of a user's code
    /// is `Hash`, `Eq` and `Clone` of the key. They run before anything is changed, so a poisoned lock
    /// guards a table that is still right.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Flights<K, V>) -> T) -> T {
        look(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
