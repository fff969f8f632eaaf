use std::time::Duration;

use tokio::time::Instant;

use super::metered_limit::{Mark, MeteredLimit, difference};

/// Windows of one length, one after the other from the start. What was spent above the limit of
/// one is taken from the next.
#[derive(Debug)]
pub(super) struct FixedWindow {
    limit: u64,
    period: Duration,
    start: Instant,
    window: u64,
    used: u64,
}

impl FixedWindow {
    pub(super) fn new(limit: u64, period: Duration, start: Instant) -> Self {
        Self {
            limit,
            period,
            start,
            window: 0,
            used: 0,
        }
    }

    fn advance(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let window = u64::try_from(elapsed / self.period.as_nanos()).unwrap_or(u64::MAX);
        // Each window that went by pays back one limit: a debt of three lasts three windows.
        if let Some(passed @ 1..) = window.checked_sub(self.window) {
            self.used = self.used.saturating_sub(self.limit.saturating_mul(passed));
            self.window = window;
        }
    }
}

impl MeteredLimit for FixedWindow {
    fn fits(&mut self, now: Instant, amount: u64) -> bool {
        self.advance(now);
        self.limit > 0 && self.used.saturating_add(amount) <= self.limit
    }

    fn charge(&mut self, now: Instant, amount: u64) -> Mark {
        self.advance(now);
        self.used = self.used.saturating_add(amount);
        self.window
    }

    /// A refund belongs to the window of the reservation and is void once that is over; debt is
    /// charged to the present window.
    fn correct(&mut self, now: Instant, mark: Mark, from: u64, to: u64) {
        self.advance(now);
        if to >= from {
            self.used = self.used.saturating_add(to - from);
        } else if mark == self.window {
            self.used = self.used.saturating_sub(from - to);
        }
    }

    fn available(&mut self, now: Instant) -> i64 {
        self.advance(now);
        difference(self.limit, self.used)
    }
}
