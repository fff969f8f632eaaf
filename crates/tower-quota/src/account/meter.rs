use std::time::Duration;

use super::adaptive_rate::{AdaptiveRate, ONE, OPEN, Passed};
use super::charge::Charge;
use super::window::Window;
use crate::limit::{Amount, Burst, Limit, Source};

/// What one limit has left.
///
/// The level of its bucket is kept in a unit of which the rate brings a whole number in each
/// nanosecond at any pace, so nothing is ever rounded. Charges land before the server's and refunds
/// after, so our level never exceeds the server's.
#[derive(Debug)]
pub(crate) struct Meter {
    limit: Limit,
    span: u64,
    /// One call or token, in the unit of the level.
    one: i128,
    /// What is there at once after a pause.
    burst: i128,
    level: i128,
    /// The level as if nobody ever saved: the server's bucket is full where this is the burst.
    unsaved: i128,
    /// When the level was that.
    at: u64,
    /// What is saved for: up to that the bucket fills above its burst.
    goal: i128,
    window: Window,
    pace: AdaptiveRate,
    /// What a period held at the last cut of a guess.
    held: u64,
    /// What calls under way will come to above what they asked for.
    owed: u64,
}

impl Meter {
    pub(crate) fn new(limit: Limit, now: u64) -> Self {
        let (period, margin) = (nanos(limit.period), nanos(limit.margin));
        let span = period.saturating_add(margin);
        let start = match limit.source {
            Source::Told | Source::Guessed => ONE,
            Source::Unknown => OPEN,
        };
        let mut meter = Self {
            span,
            one: i128::from(span) * i128::from(ONE),
            burst: 0,
            level: 0,
            unsaved: 0,
            at: now,
            goal: 0,
            window: Window::new(period, margin),
            pace: AdaptiveRate::new(start, limit.is_probing(), now),
            held: 0,
            owed: 0,
            limit,
        };
        meter.paced();
        meter.level = meter.burst;
        meter.unsaved = meter.burst;
        meter
    }

    pub(crate) fn limit(&self) -> &Limit {
        &self.limit
    }

    pub(crate) fn pace(&self) -> &AdaptiveRate {
        &self.pace
    }

    /// Whether the limit can ever admit that much.
    pub(crate) fn holds(&self, amount: Amount) -> bool {
        let amount = amount.of(self.limit.unit);
        amount <= self.limit.amount || (self.limit.is_probing() && self.limit.amount > 0)
    }

    /// Brings the meter from the last time it was used to `now`.
    pub(crate) fn advance(&mut self, now: u64) {
        if now > self.at {
            let refill = times(self.rate(), now - self.at);
            self.add(refill);
            self.at = now;
        }
        self.window.advance(self.at);
    }

    /// Whether `mine` plainly fits at once: what [`fits_at`](Self::fits_at) finds out mostly, and
    /// in a fraction of the time.
    pub(crate) fn has_room(&self, mine: Charge) -> bool {
        let (amount, expected) = mine.of(self.limit.unit);
        amount == 0
            || (!self.limit.is_probing()
                && self.owed == 0
                && self.level >= self.to_level(expected)
                && amount <= self.headroom())
    }

    /// When `mine` fits, after `ahead` has been admitted and if nothing else is; `u64::MAX`
    /// means never.
    pub(crate) fn fits_at(&self, ahead: Charge, mine: Charge) -> u64 {
        let (ahead, mine) = (ahead.of(self.limit.unit), mine.of(self.limit.unit));
        if mine.0 == 0 {
            return self.at;
        }
        let need = if self.is_whole() && ahead.0 == 0 {
            // Nobody has saved for it, but the server's bucket is as full as it gets.
            self.to_level(mine.1).min(self.level)
        } else {
            self.to_level(ahead.1).saturating_add(self.to_level(mine.1))
        };
        // Debts that the server may have charged already and nobody here knows of.
        let debts = (self.limit.amount / 100).saturating_add(mine.1.saturating_sub(mine.0));
        self.level_at(need)
            .max(self.window_at(ahead.0, mine.0, debts.min(self.owed)))
    }

    /// Saves for a call that does not fit yet.
    pub(crate) fn save_for(&mut self, charge: Charge) {
        if !self.is_whole() {
            self.goal = self.to_level(charge.of(self.limit.unit).1);
        }
    }

    fn level_at(&self, need: i128) -> u64 {
        self.refilled_at(need.saturating_sub(self.level))
    }

    /// When so much has come in.
    fn refilled_at(&self, missing: i128) -> u64 {
        if missing <= 0 {
            return self.at;
        }
        let rate = self.rate().unsigned_abs();
        if rate == 0 {
            return u64::MAX;
        }
        let wait = missing.unsigned_abs().div_ceil(rate);
        self.at
            .saturating_add(u64::try_from(wait).unwrap_or(u64::MAX))
    }

    fn window_at(&self, ahead: u64, mine: u64, spare: u64) -> u64 {
        let amount = match self.per_period() {
            Some(0) => return u64::MAX,
            Some(amount) => amount.max(mine),
            None => return self.at,
        };
        // Those ahead fill whole spans; the rest has to fit into what the last one leaves.
        let mine = mine.saturating_add(spare).min(amount);
        if let Some(need) = ahead.checked_add(mine).filter(|need| *need <= amount) {
            return self.window.falls_to(self.at, amount - need);
        }
        let need = u128::from(ahead) + u128::from(mine);
        let spans = (need - 1) / u128::from(amount);
        let rest = u64::try_from(need - spans * u128::from(amount)).unwrap_or(u64::MAX);
        let first = self.window.falls_to(self.at, amount - rest);
        let more = spans.saturating_mul(u128::from(self.span));
        first.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
    }

    /// What no period may exceed: the amount, or where that is a guess what one held when it was
    /// throttled.
    fn per_period(&self) -> Option<u64> {
        if !self.limit.is_probing() {
            return Some(self.limit.amount);
        }
        let paced = u128::from(self.limit.amount) * u128::from(self.pace.now()) / u128::from(ONE);
        let paced = u64::try_from(paced).unwrap_or(u64::MAX);
        let paced = paced.saturating_add(paced / 64).saturating_add(1);
        self.pace.is_cut().then(|| self.held.max(paced))
    }

    pub(crate) fn charge(&mut self, charge: Charge) {
        let (amount, expected) = charge.of(self.limit.unit);
        if amount > 0 {
            self.goal = 0;
            self.owed = self.owed.saturating_add(expected.saturating_sub(amount));
            self.take(expected);
            self.window.charge(self.at, amount);
        }
    }

    /// Replaces the charge that was made `at` that time. The server charges only now what is
    /// above what was asked for, and so does the window.
    pub(crate) fn correct(&mut self, at: u64, charge: Charge, actual: Amount) {
        let (amount, expected) = charge.of(self.limit.unit);
        let actual = actual.of(self.limit.unit);
        if actual == amount && actual == expected {
            return;
        }
        self.owed = self.owed.saturating_sub(expected.saturating_sub(amount));
        if actual > expected {
            self.take(actual - expected);
        } else {
            self.add(self.to_level(expected - actual));
        }
        if actual > amount {
            self.window.charge(self.at, actual - amount);
        } else if amount > actual {
            self.window.refund(at, amount - actual);
        }
    }

    /// Whether a call that goes well and comes to `actual` can be corrected late, since it gives
    /// back only what fits in at any time.
    pub(crate) fn can_be_late(&self, charge: Charge, actual: Amount) -> bool {
        let (amount, _) = charge.of(self.limit.unit);
        actual.of(self.limit.unit) <= amount && self.pace.is_at_rest()
    }

    /// A call admitted `at` that time went well.
    pub(crate) fn succeeded(&mut self, at: u64, waited: bool) {
        if self.pace.is_at_rest() {
            return;
        }
        self.pace.succeeded(self.at, at, waited);
        self.paced();
    }

    /// The server had nothing left for a call that was admitted `at` that time, and is refunded.
    /// Says how long to pause where that is news.
    pub(crate) fn throttled(&mut self, at: u64, amount: Amount) -> Option<u64> {
        let sum = self.window.sum();
        let pace = |amount: u64| {
            let pace = u128::from(amount) * u128::from(ONE) / u128::from(self.limit.amount.max(1));
            u64::try_from(pace).unwrap_or(u64::MAX)
        };
        let first = self.window.first().unwrap_or(self.at);
        let passed = Passed {
            pace: pace(sum),
            short: pace(amount.of(self.limit.unit)),
            time: self.at.saturating_sub(first).min(self.span),
            period: self.span,
        };
        let pause = self.pace.throttled(self.at, at, passed);
        self.paced();
        // The server has nothing left: no burst from here, none of what this call gives back, and
        // less than nothing once it knows the debts.
        self.level = self.level.min(-self.to_level(self.owed));
        self.unsaved = self.unsaved.min(self.level);
        if pause.is_some() {
            self.held = sum;
        } else if self.pace.is_untried() {
            // More of those that seemed to have passed.
            self.held = self.held.min(sum);
        }
        pause
    }

    /// What counts in the period that ends now.
    pub(crate) fn used(&self) -> u64 {
        self.window.sum()
    }

    /// What the period that ends now has left.
    pub(crate) fn headroom(&self) -> u64 {
        self.limit.amount.saturating_sub(self.window.sum())
    }

    /// When the meter is as good as new.
    pub(crate) fn whole_at(&self) -> u64 {
        self.refilled_at(self.burst.saturating_sub(self.unsaved))
            .max(self.window.falls_to(self.at, 0))
            .max(self.pace.whole_at())
    }

    /// Whether nobody has used it for long enough.
    fn is_whole(&self) -> bool {
        self.goal == 0 && self.unsaved >= self.burst
    }

    /// In the unit of the level.
    fn to_level(&self, amount: u64) -> i128 {
        times(self.one, amount)
    }

    /// The pace may have changed.
    fn paced(&mut self) {
        self.burst = match self.limit.burst {
            Burst::Amount(amount) => self.to_level(amount),
            Burst::Time(time) => {
                let pace = if self.limit.is_probing() {
                    self.pace.now()
                } else {
                    ONE
                };
                let rate = i128::from(self.limit.amount) * i128::from(pace);
                times(rate, nanos(time))
            }
        };
    }

    fn add(&mut self, more: i128) {
        let most = self.burst.max(self.goal);
        self.level = self.level.saturating_add(more).min(most.max(self.level));
        let most = self.burst.max(self.unsaved);
        self.unsaved = self.unsaved.saturating_add(more).min(most);
    }

    fn take(&mut self, amount: u64) {
        let charged = self.to_level(amount);
        self.level = self.level.saturating_sub(charged);
        self.unsaved = self.unsaved.saturating_sub(charged);
    }

    fn rate(&self) -> i128 {
        i128::from(self.limit.amount) * i128::from(self.pace.now())
    }
}

/// `level × factor`, and no more than there is; no level is below 0 here.
///
/// Two bit counts are cheaper than what `saturating_mul` does to find out.
fn times(level: i128, factor: u64) -> i128 {
    if level.leading_zeros() + factor.leading_zeros() > 64 {
        level * i128::from(factor)
    } else {
        level.saturating_mul(i128::from(factor))
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
