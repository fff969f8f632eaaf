use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::metered_limit::{Mark, MeteredLimit, difference};

/// The charges of the period before now, each counted from the moment it was made.
#[derive(Debug)]
pub(super) struct SlidingWindow {
    limit: u64,
    period: Duration,
    /// By number; the first one kept is number `first`.
    charges: VecDeque<(Instant, u64)>,
    first: Mark,
    used: u64,
}

impl SlidingWindow {
    pub(super) fn new(limit: u64, period: Duration) -> Self {
        Self {
            limit,
            period,
            charges: VecDeque::new(),
            first: 0,
            used: 0,
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, amount)) = self.charges.front()
            && now.saturating_duration_since(*at) >= self.period
        {
            self.used -= amount;
            self.charges.pop_front();
            self.first += 1;
        }
    }
}

impl MeteredLimit for SlidingWindow {
    fn fits(&mut self, now: Instant, amount: u64) -> bool {
        self.forget(now);
        self.limit > 0 && self.used.saturating_add(amount) <= self.limit
    }

    fn charge(&mut self, now: Instant, amount: u64) -> Mark {
        self.forget(now);
        // A charge keeps its number while older ones are dropped; below `first` it is gone.
        let mark = self.first + self.charges.len() as u64;
        // Saturated charges stay consistent: what is kept is what was added.
        let amount = amount.min(u64::MAX - self.used);
        self.used += amount;
        self.charges.push_back((now, amount));
        mark
    }

    /// A refund corrects the charge where it stands, if it still counts; debt is a new charge.
    fn correct(&mut self, now: Instant, mark: Mark, from: u64, to: u64) {
        self.forget(now);
        if to > from {
            self.charge(now, to - from);
        } else if let Some(at) = mark.checked_sub(self.first)
            && let Some((_, amount)) = usize::try_from(at)
                .ok()
                .and_then(|at| self.charges.get_mut(at))
        {
            let refund = (*amount).min(from - to);
            *amount -= refund;
            self.used -= refund;
        }
    }

    fn available(&mut self, now: Instant) -> i64 {
        self.forget(now);
        difference(self.limit, self.used)
    }
}
