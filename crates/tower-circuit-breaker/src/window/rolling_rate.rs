use tokio::time::Instant;

use super::count_window::CountWindow;
use super::rate_rule::RateRule;
use super::time_window::TimeWindow;
use super::window::Span;

/// How many of the calls in a window were bad: failed, or slow.
#[derive(Debug)]
pub(crate) enum RollingRate {
    Calls(CountWindow),
    Time(TimeWindow),
}

impl RollingRate {
    pub(crate) fn new(rule: &RateRule, now: Instant) -> Self {
        match rule.window.span {
            Span::Calls(calls) => Self::Calls(CountWindow::new(calls)),
            Span::Time(time) => Self::Time(TimeWindow::new(time, now)),
        }
    }

    pub(crate) fn push(&mut self, bad: bool, now: Instant) {
        match self {
            Self::Calls(window) => window.push(bad),
            Self::Time(window) => window.push(bad, now),
        }
    }

    /// Adds good calls, which came before [`batch_until`](Self::batch_until).
    pub(crate) fn push_good(&mut self, good: u32) {
        match self {
            Self::Calls(window) => window.push_good(good),
            Self::Time(window) => window.push_good(good),
        }
    }

    /// Until when good calls can be added later, in one go; `None`: at any time.
    pub(crate) fn batch_until(&self) -> Option<Instant> {
        match self {
            Self::Calls(_) => None,
            Self::Time(window) => Some(window.ends()),
        }
    }

    /// The calls in the window, and how many of them were bad.
    pub(crate) fn counts(&mut self, now: Instant) -> (u64, u64) {
        match self {
            Self::Calls(window) => window.counts(),
            Self::Time(window) => window.counts(now),
        }
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        match self {
            Self::Calls(window) => window.clear(),
            Self::Time(window) => window.clear(now),
        }
    }

    pub(crate) fn trips(&mut self, rule: &RateRule, now: Instant) -> bool {
        let (calls, bad) = self.counts(now);
        // Divided, not multiplied: 7 of 100 is exactly the 0.07 that was asked for.
        calls >= u64::from(rule.window.minimum) && bad as f64 / calls as f64 >= rule.at_least
    }
}
