use std::time::Duration;

use tokio::time::Instant;

use super::metered_limit::{Mark, MeteredLimit};

/// One token in the bucket's own unit: with it, a rate per minute refills a whole number of units
/// in every nanosecond and nothing is ever rounded.
const TOKEN: i128 = 60 * 1_000_000_000;

/// A bucket that refills continuously up to its capacity and may go below empty by corrections.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: i128,
    capacity: i128,
    level: i128,
    at: Instant,
}

impl Bucket {
    /// A full bucket of `burst` worth of `per_minute`, and of at least `least` tokens.
    pub(super) fn new(per_minute: u64, burst: Duration, least: u64, now: Instant) -> Self {
        let rate = i128::from(per_minute);
        // A quota of 0 holds nothing: it throttles for ever.
        let least = if per_minute == 0 { 0 } else { least };
        let capacity = rate
            .saturating_mul(nanos(burst))
            .max(i128::from(least).saturating_mul(TOKEN));
        Self {
            rate,
            capacity,
            level: capacity,
            at: now,
        }
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = nanos(now.saturating_duration_since(self.at));
        let refilled = self.level.saturating_add(self.rate.saturating_mul(elapsed));
        self.level = refilled.min(self.capacity);
        // A call may be settled with an earlier `now` than another was admitted with.
        self.at = self.at.max(now);
    }

    fn add(&mut self, tokens: i128) {
        // A refund above the capacity is cut off by the next refill, which every use begins with.
        self.level = self.level.saturating_add(tokens.saturating_mul(TOKEN));
    }
}

impl MeteredLimit for Bucket {
    fn fits(&mut self, now: Instant, amount: u64) -> bool {
        self.refill(now);
        self.rate > 0 && i128::from(amount).saturating_mul(TOKEN) <= self.level
    }

    fn charge(&mut self, now: Instant, amount: u64) -> Mark {
        self.refill(now);
        self.add(-i128::from(amount));
        // A bucket does not remember its charges: a refund is as good as a refill.
        0
    }

    fn correct(&mut self, now: Instant, _: Mark, from: u64, to: u64) {
        self.refill(now);
        self.add(i128::from(from) - i128::from(to));
    }

    fn available(&mut self, now: Instant) -> i64 {
        self.refill(now);
        let tokens = self.level.div_euclid(TOKEN);
        i64::try_from(tokens).unwrap_or(if tokens < 0 { i64::MIN } else { i64::MAX })
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}
