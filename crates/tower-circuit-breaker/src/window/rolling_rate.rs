use tokio::time::Instant;

use super::count_window::CountWindow;
use super::counts::Counts;
use super::time_window::TimeWindow;
use super::window::{Span, Window};

/// Counts the calls in a window, and how many of them were bad.
#[derive(Debug)]
pub(crate) enum RollingRate {
    Calls(CountWindow),
    Time(TimeWindow),
}

impl RollingRate {
    pub(crate) fn new(window: &Window, now: Instant) -> Self {
        match window.span {
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

    /// Adds `calls` good calls, which ended before [`batch_until`](Self::batch_until).
    pub(crate) fn push_good(&mut self, calls: u32) {
        match self {
            Self::Calls(window) => window.push_good(calls),
            Self::Time(window) => window.push_good(calls),
        }
    }

    /// Good calls that end before this time may be added later, in one batch; with `None` it does
    /// not matter when they end.
    pub(crate) fn batch_until(&self) -> Option<Instant> {
        match self {
            // The order of good calls makes no difference.
            Self::Calls(_) => None,
            // One that ends later belongs in the next bucket.
            Self::Time(window) => Some(window.ends()),
        }
    }

    pub(crate) fn counts(&mut self, now: Instant) -> Counts {
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
}
