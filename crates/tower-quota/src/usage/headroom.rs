use std::cmp::Ordering;
use std::time::Duration;

use crate::limit::Amount;
use crate::schedule::Scheduler;

/// How much room a key has for another call, its share and those who wait counted in.
///
/// More room is greater: the shorter [`wait`](Self::wait) or, of equal waits, more that is
/// [left](Self::left).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Headroom {
    wait: Duration,
    left: f64,
}

impl Headroom {
    /// Of a key that nobody has used.
    pub(crate) const WHOLE: Self = Self {
        wait: Duration::ZERO,
        left: 1.0,
    };

    /// For a typical call that comes after all that wait.
    pub(crate) fn of<W>(scheduler: &mut Scheduler<W>, now: u64) -> Self {
        let queued = scheduler.queue.amount_besides(Amount::NONE);
        let typical = Amount::call(scheduler.typical_tokens);
        let account = &mut scheduler.account;
        let at = account.fits_at(now, queued, typical);
        // Of what the period brings at the present share, not of the amount: a limit that was
        // throttled has less to give than it says.
        let left = account.meters(now).iter().map(|meter| {
            let taken = meter.used() as f64 + queued.of(meter.limit().unit()) as f64;
            let brings = meter.amount() as f64 * meter.share();
            1.0 - taken / brings.max(f64::MIN_POSITIVE)
        });
        Self {
            wait: Duration::from_nanos(at.saturating_sub(now)),
            left: left.fold(1.0, f64::min),
        }
    }

    /// How long a call that comes now would wait, if it asks for as many tokens as calls did of
    /// late and has [`Priority::Normal`](crate::Priority::Normal).
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// The part that is left of the limit that has the least left, of what its period brings at
    /// the present [share](crate::LimitSnapshot::share): 1 is all of it, 0 is nothing, and below 0 are debts and those who wait.
    #[must_use]
    pub fn left(&self) -> f64 {
        self.left
    }
}

impl PartialOrd for Headroom {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match other.wait.cmp(&self.wait) {
            Ordering::Equal => self.left.partial_cmp(&other.left),
            unequal => Some(unequal),
        }
    }
}
