use std::time::Duration;

use crate::demand::Demand;
use crate::limit::{Burst, Limit};
use crate::pace::ONE;
use crate::window::Window;

/// What one limit has left.
///
/// The level of its bucket is kept in a unit of which the rate brings a whole number in each
/// nanosecond at any pace, so nothing is ever rounded.
#[derive(Debug)]
pub(crate) struct Gauge {
    limit: Limit,
    span: u64,
    /// One call or token, in the unit of the level.
    one: i128,
    burst: i128,
    level: i128,
    /// When the level was that.
    at: u64,
    window: Window,
}

impl Gauge {
    pub(crate) fn new(limit: Limit, now: u64) -> Self {
        let span = nanos(limit.period.saturating_add(limit.margin));
        let one = i128::from(span) * i128::from(ONE);
        let burst = match limit.burst {
            Burst::Amount(amount) => i128::from(amount).saturating_mul(one),
            Burst::Time(time) => {
                i128::from(limit.amount).saturating_mul(i128::from(nanos(time)) * i128::from(ONE))
            }
        };
        Self {
            span,
            one,
            burst,
            level: burst,
            at: now,
            window: Window::new(span),
            limit,
        }
    }

    pub(crate) fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Whether the limit can ever admit that much.
    pub(crate) fn holds(&self, demand: Demand) -> bool {
        let amount = demand.of(self.limit.unit);
        amount <= self.limit.amount || (self.limit.probing && self.limit.amount > 0)
    }

    /// Brings the gauge from the last time it was used to `now`; `pace` ruled in between.
    pub(crate) fn advance(&mut self, now: u64, pace: u64) {
        if now > self.at {
            let refill = self.rate(pace).saturating_mul(i128::from(now - self.at));
            self.level = self.level.saturating_add(refill).min(self.burst);
            self.at = now;
        }
        self.window.advance(self.at);
    }

    /// When `mine` fits, after `ahead` has been admitted and if nothing else is; `u64::MAX`
    /// means never.
    pub(crate) fn fits_at(&self, pace: u64, ahead: Demand, mine: Demand) -> u64 {
        let mine = mine.of(self.limit.unit);
        if mine == 0 {
            return self.at;
        }
        let ahead = ahead.of(self.limit.unit);
        self.bucket_at(pace, ahead, mine)
            .max(self.window_at(ahead, mine))
    }

    fn bucket_at(&self, pace: u64, ahead: u64, mine: u64) -> u64 {
        let mine = i128::from(mine).saturating_mul(self.one).min(self.burst);
        let need = i128::from(ahead)
            .saturating_mul(self.one)
            .saturating_add(mine);
        let missing = need.saturating_sub(self.level);
        if missing <= 0 {
            return self.at;
        }
        let rate = self.rate(pace).unsigned_abs();
        if rate == 0 {
            return u64::MAX;
        }
        let wait = missing.unsigned_abs().div_ceil(rate);
        self.at
            .saturating_add(u64::try_from(wait).unwrap_or(u64::MAX))
    }

    fn window_at(&self, ahead: u64, mine: u64) -> u64 {
        if self.limit.probing {
            return self.at;
        }
        let need = u128::from(ahead) + u128::from(mine);
        let amount = u128::from(self.limit.amount);
        if amount == 0 {
            return u64::MAX;
        }
        // Those ahead fill whole spans; the rest has to fit into what the last one leaves.
        let spans = (need - 1) / amount;
        let rest = u64::try_from(need - spans * amount).unwrap_or(u64::MAX);
        let first = self.window.falls_to(self.at, self.limit.amount - rest);
        let more = spans.saturating_mul(u128::from(self.span));
        first.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
    }

    pub(crate) fn charge(&mut self, demand: Demand) {
        let amount = demand.of(self.limit.unit);
        if amount > 0 {
            self.take(amount);
            self.window.charge(self.at, amount);
        }
    }

    /// Replaces the charge that was made `at` that time; what is above it is charged now.
    pub(crate) fn correct(&mut self, at: u64, from: Demand, to: Demand) {
        let (from, to) = (from.of(self.limit.unit), to.of(self.limit.unit));
        if to > from {
            self.take(to - from);
            self.window.charge(self.at, to - from);
        } else if from > to {
            let refund = i128::from(from - to).saturating_mul(self.one);
            self.level = self.level.saturating_add(refund).min(self.burst);
            self.window.refund(at, from - to);
        }
    }

    /// The server has nothing left: no burst from here.
    pub(crate) fn drain(&mut self) {
        self.level = self.level.min(0);
    }

    /// The pace that the calls of the last period came to, where the limit is a guess.
    pub(crate) fn proven(&self) -> u64 {
        if !self.limit.probing || self.limit.amount == 0 {
            return 0;
        }
        let pace = u128::from(self.window.sum()) * u128::from(ONE) / u128::from(self.limit.amount);
        u64::try_from(pace).unwrap_or(u64::MAX)
    }

    /// What counts in the period that ends now.
    pub(crate) fn used(&self) -> u64 {
        self.window.sum()
    }

    /// What the period that ends now has left.
    pub(crate) fn headroom(&self) -> u64 {
        self.limit.amount.saturating_sub(self.window.sum())
    }

    /// When the gauge is as good as new.
    pub(crate) fn whole_at(&self, pace: u64) -> u64 {
        self.bucket_at(pace, 0, u64::MAX)
            .max(self.window.falls_to(self.at, 0))
    }

    fn take(&mut self, amount: u64) {
        let amount = i128::from(amount).saturating_mul(self.one);
        self.level = self.level.saturating_sub(amount);
    }

    fn rate(&self, pace: u64) -> i128 {
        i128::from(self.limit.amount) * i128::from(pace)
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
