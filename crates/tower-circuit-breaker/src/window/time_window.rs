use std::time::Duration;

use tokio::time::Instant;

use super::counts::Counts;

/// More buckets would forget more evenly, but each costs 16 bytes in every circuit.
const BUCKETS: usize = 10;

/// The calls of the last span of time, in ten buckets with a running total.
///
/// Old calls are forgotten a bucket at a time, so neither memory nor time grows with the load.
#[derive(Debug)]
pub(crate) struct TimeWindow {
    buckets: [Counts; BUCKETS],
    total: Counts,
    width: Duration,
    current: usize,
    /// When the current bucket began. A call that read the clock earlier, but gets here only now,
    /// is counted in this bucket too.
    began: Instant,
    /// `began + width`, kept so that the ordinary call compares and does not divide.
    ends: Instant,
}

impl TimeWindow {
    pub(crate) fn new(span: Duration, now: Instant) -> Self {
        let width = span / BUCKETS as u32;
        Self {
            buckets: [Counts::default(); BUCKETS],
            total: Counts::default(),
            width,
            current: 0,
            began: now,
            ends: now + width,
        }
    }

    pub(crate) fn push(&mut self, is_bad: bool, now: Instant) {
        self.roll(now);
        let bad = u64::from(is_bad);
        let bucket = &mut self.buckets[self.current];
        bucket.calls += 1;
        bucket.bad += bad;
        self.total.calls += 1;
        self.total.bad += bad;
    }

    /// Adds calls that came before the current bucket ended.
    pub(crate) fn push_good(&mut self, calls: u32) {
        self.buckets[self.current].calls += u64::from(calls);
        self.total.calls += u64::from(calls);
    }

    /// When the current bucket ends.
    pub(crate) fn ends(&self) -> Instant {
        self.ends
    }

    pub(crate) fn counts(&mut self, now: Instant) -> Counts {
        self.roll(now);
        self.total
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        *self = Self {
            width: self.width,
            ..Self::new(self.width * BUCKETS as u32, now)
        };
    }

    /// Moves on to the bucket of `now`, and forgets those that fall out of the span.
    fn roll(&mut self, now: Instant) {
        if now < self.ends {
            return;
        }
        let passed = now.duration_since(self.began);
        let steps = passed.as_nanos() / self.width.as_nanos();
        // After a pause longer than the span there is nothing to keep, and no need to go through
        // the buckets one by one.
        if steps >= BUCKETS as u128 {
            self.clear(now);
            return;
        }
        for _ in 0..steps {
            self.current = (self.current + 1) % BUCKETS;
            let gone = std::mem::take(&mut self.buckets[self.current]);
            self.total.calls -= gone.calls;
            self.total.bad -= gone.bad;
            self.began = self.ends;
            self.ends += self.width;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_counts_what_is_young_and_nothing_that_is_old(
            millis in 10..100_000_u64,
            calls in proptest::collection::vec((any::<bool>(), 0..30_000_u64, 0..20_u8), 0..300),
        ) {
            let span = Duration::from_millis(millis);
            let mut now = Instant::now();
            let mut window = TimeWindow::new(span, now);
            let mut all: Vec<(Instant, bool)> = Vec::new();
            for (is_bad, wait, kind) in calls {
                now += Duration::from_millis(wait);
                if kind == 0 {
                    window.clear(now);
                    all.clear();
                } else if kind == 1 && now < window.ends() {
                    window.push_good(3);
                    all.extend([(now, false); 3]);
                } else {
                    window.push(is_bad, now);
                    all.push((now, is_bad));
                }
                let Counts { calls, bad } = window.counts(now);
                let count = |age: Duration, only_bad: bool| {
                    all.iter()
                        .filter(|(at, is_bad)| now - *at < age && (*is_bad || !only_bad))
                        .count() as u64
                };
                let young = span * 9 / 10;
                prop_assert!(count(young, false) <= calls && calls <= count(span, false));
                prop_assert!(count(young, true) <= bad && bad <= count(span, true));
            }
        }
    }
}
