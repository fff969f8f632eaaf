use std::sync::PoisonError;

use fastrand::Rng;
use tokio::time::Instant;

use crate::{
    budget::{Budget, Ledger},
    events::{GiveUpCause, RetryCause},
    snapshot::Snapshot,
    sync::{AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering},
};

/// What all services of one layer share: the budget, the counts and the source of randomness.
///
/// Every atomic is a count that nothing else hangs on, so `Relaxed` is enough and pairs with
/// nothing. The traffic is read under the ledger's lock: whoever holds the lock after another sees
/// at least what the other saw, so the ledger's running total never goes back.
#[derive(Debug)]
pub(crate) struct State {
    /// Calls of weight 1: nearly all calls, and the only count that a successful call touches.
    calls: AtomicU64,
    weighted_calls: AtomicU64,
    weighted_traffic: AtomicU64,
    /// Retries by cause; of rejections each one, whether it is waited for or not.
    causes: [AtomicU64; RetryCause::COUNT],
    gave_up: [AtomicU64; GiveUpCause::COUNT],
    /// `None` pays for everything.
    ledger: Option<Mutex<Ledger>>,
    /// A budget that saves nothing never pays, so no request need be cloned.
    never_pays: bool,
    rng: Mutex<Rng>,
    /// Whether a handle, a clone or a service was taken from the layer.
    taken: AtomicBool,
}

impl State {
    pub(crate) fn new(budget: Budget, seed: Option<u64>) -> Self {
        Self {
            calls: AtomicU64::new(0),
            weighted_calls: AtomicU64::new(0),
            weighted_traffic: AtomicU64::new(0),
            causes: std::array::from_fn(|_| AtomicU64::new(0)),
            gave_up: std::array::from_fn(|_| AtomicU64::new(0)),
            ledger: Ledger::new(budget).map(Mutex::new),
            never_pays: budget.burst == Some(0),
            rng: Mutex::new(seed.map_or_else(Rng::new, Rng::with_seed)),
            taken: AtomicBool::new(false),
        }
    }

    /// From here on the layer's knobs stay as they are.
    ///
    /// A knob owns the layer, so whatever handed it over has ordered this store before it.
    pub(crate) fn take(&self) {
        self.taken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }

    /// Counts a call, and with it what the budget will be credited for.
    #[inline]
    pub(crate) fn called(&self, weight: u64) {
        if weight == 1 {
            self.calls.fetch_add(1, Ordering::Relaxed);
        } else {
            self.weighted_calls.fetch_add(1, Ordering::Relaxed);
            self.weighted_traffic.fetch_add(weight, Ordering::Relaxed);
        }
    }

    /// Counts an attempt after the first.
    pub(crate) fn retried(&self, cause: RetryCause) {
        debug_assert!(
            cause != RetryCause::Rejected,
            "that is the same attempt again"
        );
        self.causes[cause as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an attempt that was refused before it was sent.
    pub(crate) fn rejected(&self) {
        self.causes[RetryCause::Rejected as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn gave_up(&self, why: GiveUpCause) {
        self.gave_up[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) const fn never_pays(&self) -> bool {
        self.never_pays
    }

    /// Pays for a retry, if the budget can.
    pub(crate) fn withdraw(&self, now: Instant, weight: u64) -> bool {
        self.ledger.as_ref().is_none_or(|ledger| {
            let mut ledger = lock(ledger);
            ledger.withdraw(now, self.traffic(), weight)
        })
    }

    pub(crate) fn refund(&self, weight: u64) {
        if let Some(ledger) = &self.ledger {
            lock(ledger).refund(weight);
        }
    }

    /// A generator of its own for one call that retries.
    pub(crate) fn fork_rng(&self) -> Rng {
        lock(&self.rng).fork()
    }

    pub(crate) fn snapshot(&self, now: Instant) -> Snapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let cause = |cause: RetryCause| read(&self.causes[cause as usize]);
        let gave_up = |why: GiveUpCause| read(&self.gave_up[why as usize]);
        let throttled = cause(RetryCause::Throttled);
        let transient = cause(RetryCause::Transient);
        let costly = cause(RetryCause::Costly);
        let first = read(&self.calls) + read(&self.weighted_calls);
        Snapshot {
            attempts: first + throttled + transient + costly,
            throttled,
            transient,
            costly,
            rejected: cause(RetryCause::Rejected),
            gave_up_attempts: gave_up(GiveUpCause::Attempts),
            gave_up_costly: gave_up(GiveUpCause::Costly),
            gave_up_deadline: gave_up(GiveUpCause::Deadline),
            gave_up_budget: gave_up(GiveUpCause::Budget),
            gave_up_not_cloneable: gave_up(GiveUpCause::NotCloneable),
            gave_up_hint: gave_up(GiveUpCause::Hint),
            gave_up_rejected: gave_up(GiveUpCause::Rejected),
            budget_left: self.ledger.as_ref().map(|ledger| {
                let ledger = lock(ledger);
                ledger.left(now, self.traffic())
            }),
        }
    }

    fn traffic(&self) -> u64 {
        let calls = self.calls.load(Ordering::Relaxed);
        calls.wrapping_add(self.weighted_traffic.load(Ordering::Relaxed))
    }
}

/// Nothing under these locks can panic half-way, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, loom))]
mod tests;
