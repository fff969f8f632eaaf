use tokio::time::Instant;

use super::count_window::Ring;
use super::rate::Rate;
use super::time_window::Buckets;
use super::window::Span;

/// How many of the calls in a window were hits: failed, or slow.
#[derive(Debug)]
pub(crate) enum Tally {
    Calls(Ring),
    Time(Buckets),
}

impl Tally {
    pub(crate) fn new(rate: &Rate, now: Instant) -> Self {
        match rate.window.span {
            Span::Calls(calls) => Self::Calls(Ring::new(calls)),
            Span::Time(time) => Self::Time(Buckets::new(time, now)),
        }
    }

    pub(crate) fn push(&mut self, hit: bool, now: Instant) {
        match self {
            Self::Calls(ring) => ring.push(hit),
            Self::Time(buckets) => buckets.push(hit, now),
        }
    }

    /// Adds calls that were no hits and came before [`lumps_until`](Self::lumps_until).
    pub(crate) fn push_misses(&mut self, misses: u32) {
        match self {
            Self::Calls(ring) => ring.push_misses(misses),
            Self::Time(buckets) => buckets.push_misses(misses),
        }
    }

    /// Until when calls that are no hits can be added later, in one go; `None`: at any time.
    pub(crate) fn lumps_until(&self) -> Option<Instant> {
        match self {
            Self::Calls(_) => None,
            Self::Time(buckets) => Some(buckets.ends()),
        }
    }

    /// The calls in the window, and how many of them were hits.
    pub(crate) fn counts(&mut self, now: Instant) -> (u64, u64) {
        match self {
            Self::Calls(ring) => ring.counts(),
            Self::Time(buckets) => buckets.counts(now),
        }
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        match self {
            Self::Calls(ring) => ring.clear(),
            Self::Time(buckets) => buckets.clear(now),
        }
    }

    pub(crate) fn trips(&mut self, rate: &Rate, now: Instant) -> bool {
        let (calls, hits) = self.counts(now);
        // Divided, not multiplied: 7 of 100 is exactly the 0.07 that was asked for.
        calls >= u64::from(rate.window.minimum) && hits as f64 / calls as f64 >= rate.limit
    }
}
