/// The pace at which the limits hold as they were given.
pub(crate) const ONE: u64 = 1 << 20;

const FLOOR: u64 = ONE >> 10;
const CEILING: u64 = ONE << 20;
const SECOND: u64 = 1_000_000_000;

/// How much of the given rate is used: falls at throttles, rises with successes.
///
/// A throttle takes 15 % off, once for all the calls that were under way. Successes bring back a
/// quarter of the full pace in each minute. Where the limit is a guess there is no full pace: it
/// doubles about every ten seconds up to the first throttle, which halves it; from there on what
/// it was after the last throttle stands in for the full one.
#[derive(Debug)]
pub(crate) struct Pace {
    now: u64,
    probing: bool,
    /// The pace just after the last cut, and when that was.
    cut: Option<(u64, u64)>,
    raised: u64,
    /// Throttles since the last success, calls that were under way at a cut left out.
    in_row: u32,
}

impl Pace {
    pub(crate) fn new(probing: bool, now: u64) -> Self {
        Self {
            now: ONE,
            probing,
            cut: None,
            raised: now,
            in_row: 0,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// When it can be forgotten: at once if it is as good as new, or an hour after it was last
    /// heard of.
    pub(crate) fn whole_at(&self) -> u64 {
        if self.cut.is_none() && self.now == ONE {
            0
        } else {
            self.raised.saturating_add(3600 * SECOND)
        }
    }

    /// A call went well. `pressed` says that it had to wait for its turn: a pace that nobody uses
    /// proves nothing about a higher one.
    pub(crate) fn succeeded(&mut self, now: u64, pressed: bool) {
        let time = now.saturating_sub(self.raised).min(60 * SECOND);
        self.raised = self.raised.max(now);
        self.in_row = 0;
        let raise = match (self.probing, self.cut) {
            (false, _) => share(ONE, time, 240 * SECOND),
            (true, _) if !pressed => 0,
            (true, None) => share(self.now, time.min(10 * SECOND), 14 * SECOND),
            // By calls too, or a slow pace would be throttled every few calls.
            (true, Some((pace, _))) => share(pace, time, 240 * SECOND).min(pace / 256).max(1),
        };
        let most = if self.probing { CEILING } else { ONE };
        self.now = self.now.saturating_add(raise).min(most);
        if !self.probing && self.now == ONE {
            self.cut = None;
        }
    }

    /// A call admitted `at` that time was throttled. Says how long to pause where the pace was
    /// cut for it.
    ///
    /// `proven` is the pace that went well over the last period: while a server counts that
    /// period nothing passes, however slow, and that is no reason to go on below it.
    pub(crate) fn throttled(&mut self, now: u64, at: u64, proven: u64) -> Option<u64> {
        if self.cut.is_some_and(|(_, cut)| at <= cut) {
            return None;
        }
        let least = (proven / 20 * 17).min(self.now);
        self.now = match (self.probing, self.cut) {
            (true, None) => self.now / 2,
            _ => self.now / 20 * 17,
        }
        .max(least)
        .max(FLOOR);
        self.cut = Some((self.now, now));
        self.raised = self.raised.max(now);
        self.in_row = self.in_row.saturating_add(1);
        // The first costs the burst alone; from the second on half a second, up to eight.
        Some(match self.in_row {
            0 | 1 => 0,
            more => (SECOND / 2) << (more - 2).min(4),
        })
    }
}

/// `pace × time ÷ whole`.
fn share(pace: u64, time: u64, whole: u64) -> u64 {
    let share = u128::from(pace) * u128::from(time) / u128::from(whole);
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_throttle_cuts_once_for_all_calls_under_way() {
        let mut pace = Pace::new(false, 0);
        assert_eq!(pace.throttled(10 * SECOND, 8 * SECOND, 0), Some(0));
        let cut = pace.now();
        assert!(cut < ONE && cut > ONE / 10 * 8);
        assert_eq!(pace.throttled(11 * SECOND, 9 * SECOND, 0), None);
        assert_eq!(pace.now(), cut);
        assert_eq!(
            pace.throttled(12 * SECOND, 11 * SECOND, 0),
            Some(SECOND / 2)
        );
        assert!(pace.now() < cut);
    }

    #[test]
    fn a_period_that_is_used_up_does_not_bring_the_pace_to_nothing() {
        let mut pace = Pace::new(true, 0);
        let pauses: Vec<_> = (1..=8)
            .map(|n| pace.throttled(n * SECOND, n * SECOND, ONE).unwrap() / (SECOND / 2))
            .collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 16, 16]);
        assert_eq!(pace.now(), ONE / 20 * 17);
        pace.succeeded(20 * SECOND, true);
        assert_eq!(pace.throttled(21 * SECOND, 21 * SECOND, ONE), Some(0));
    }

    #[test]
    fn successes_bring_the_pace_back_and_not_above() {
        let mut pace = Pace::new(false, 0);
        (0..5).for_each(|n| assert!(pace.throttled(n, n, 0).is_some()));
        assert!(pace.now() < ONE / 2);
        for second in 1..=180 {
            pace.succeeded(second * SECOND, false);
        }
        assert_eq!(pace.now(), ONE);
        assert_eq!(pace.whole_at(), 0);
    }

    #[test]
    fn a_guess_rises_while_it_is_used_and_halves_at_the_first_throttle() {
        let mut pace = Pace::new(true, 0);
        pace.succeeded(SECOND, false);
        assert_eq!(pace.now(), ONE);
        for second in 2..=60 {
            pace.succeeded(second * SECOND, true);
        }
        let found = pace.now();
        assert!(found > 32 * ONE, "{found}");
        assert_eq!(pace.throttled(61 * SECOND, 61 * SECOND, 0), Some(0));
        assert_eq!(pace.now(), found / 2);
        // No more than by a 256th a call.
        pace.succeeded(121 * SECOND, true);
        assert!(pace.now() <= found / 2 + found / 512);
    }

    proptest! {
        #[test]
        fn it_stays_in_its_bounds(
            probing: bool,
            proven in 0..2 * ONE,
            steps in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..u64::MAX / 64), 0..400),
        ) {
            let mut pace = Pace::new(probing, 0);
            let mut now = 0_u64;
            for (good, pressed, time) in steps {
                now = now.saturating_add(time);
                let before = pace.now();
                if good {
                    pace.succeeded(now, pressed);
                    prop_assert!(pace.now() >= before);
                } else {
                    let cut = pace.throttled(now, now, proven).is_some();
                    prop_assert!(pace.now() <= before);
                    let least = (proven / 20 * 17).max(FLOOR);
                    prop_assert!(!cut || pace.now() < before || before <= least);
                }
                prop_assert!(pace.now() >= FLOOR);
                prop_assert!(probing || pace.now() <= ONE);
            }
        }
    }
}
