use super::limit_snapshot::LimitSnapshot;
use crate::schedule::Scheduler;

/// How much of its limits a key uses, all of one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// By limit, in the order they were given.
    pub limits: Vec<LimitSnapshot>,
    /// Calls that were admitted and are not settled yet.
    pub pending_calls: u64,
    /// What those calls have reserved, in tokens.
    pub pending_tokens: u64,
    /// Calls that wait for their turn.
    pub queued: usize,
    /// Throttles by the server, each of a call that the ledger had admitted.
    pub throttled: u64,
    /// The least [share](LimitSnapshot::share) of all limits.
    pub share: f64,
    /// What all settled calls had reserved, in tokens.
    pub total_reserved: u64,
    /// What all settled calls came to, in tokens.
    pub total_used: u64,
}

impl Snapshot {
    pub(crate) fn of<W>(scheduler: &mut Scheduler<W>, now: u64) -> Self {
        let queued = scheduler.queue.len();
        let account = &mut scheduler.account;
        let counts = account.counts();
        Self {
            limits: account.meters(now).iter().map(LimitSnapshot::of).collect(),
            pending_calls: counts.pending.calls,
            pending_tokens: counts.pending.tokens,
            queued,
            throttled: counts.throttled,
            share: account.share(),
            total_reserved: counts.reserved,
            total_used: counts.used,
        }
    }

    /// The part of the fullest limit that is used; above 1 in debt, 0 where no limit is known.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        let parts = self.limits.iter().map(LimitSnapshot::utilisation);
        parts.fold(0.0, f64::max)
    }

    /// How many times more tokens were reserved than used, or `None` where none were used yet.
    #[must_use]
    pub fn over_reservation(&self) -> Option<f64> {
        (self.total_used > 0).then(|| self.total_reserved as f64 / self.total_used as f64)
    }
}
