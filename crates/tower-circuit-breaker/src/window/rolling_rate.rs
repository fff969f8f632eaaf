use tokio::time::Instant;

use super::count_window::CountWindow;
use super::counts::Counts;
use super::time_window::TimeWindow;
use super::window::{Span, Window};

/// Counts the calls in a window, and how many of them were bad.
#[derive(Debug)]
pub(crate) struct RollingRate {
    calls: Calls,
    /// Calls that were counted as good and were not: so many good ones to come are left out.
    taken_back: u32,
}

#[derive(Debug)]
enum Calls {
    Last(CountWindow),
    Within(TimeWindow),
}

impl RollingRate {
    pub(crate) fn new(window: &Window, now: Instant) -> Self {
        let calls = match window.span {
            Span::Calls(calls) => Calls::Last(CountWindow::new(calls)),
            Span::Time(time) => Calls::Within(TimeWindow::new(time, now)),
        };
        Self {
            calls,
            taken_back: 0,
        }
    }

    /// A call that was counted as good is not, and will be counted as what it is.
    pub(crate) fn take_back(&mut self) {
        // A window does not know which of its calls it was, so the next good one stands for it.
        self.taken_back = self.taken_back.saturating_add(1);
    }

    pub(crate) fn push(&mut self, bad: bool, now: Instant) {
        if !bad && self.taken_back > 0 {
            self.taken_back -= 1;
            return;
        }
        match &mut self.calls {
            Calls::Last(window) => window.push(bad),
            Calls::Within(window) => window.push(bad, now),
        }
    }

    /// Adds `calls` good calls, which ended before [`batch_until`](Self::batch_until).
    pub(crate) fn push_good(&mut self, calls: u32) {
        let left_out = calls.min(self.taken_back);
        self.taken_back -= left_out;
        let calls = calls - left_out;
        match &mut self.calls {
            Calls::Last(window) => window.push_good(calls),
            Calls::Within(window) => window.push_good(calls),
        }
    }

    /// Good calls that end before this time may be added later, in one batch; with `None` it does
    /// not matter when they end.
    pub(crate) fn batch_until(&self) -> Option<Instant> {
        match &self.calls {
            // The order of good calls makes no difference.
            Calls::Last(_) => None,
            // One that ends later belongs in the next bucket.
            Calls::Within(window) => Some(window.ends()),
        }
    }

    pub(crate) fn counts(&mut self, now: Instant) -> Counts {
        match &mut self.calls {
            Calls::Last(window) => window.counts(),
            Calls::Within(window) => window.counts(now),
        }
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        self.taken_back = 0;
        match &mut self.calls {
            Calls::Last(window) => window.clear(),
            Calls::Within(window) => window.clear(now),
        }
    }
}
