//! When is a call that waits in one Region better off in another?

use std::time::Duration;
use tokio::time::Instant;

/// A waiting call looks around so often at most, and so seldom.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(5);

/// A move has to save so much, and a quarter of the wait: forecasts are a little off, and a call that
/// moves goes to the end of another line.
const SAVED: Duration = Duration::from_secs(1);

/// A call's wait in one Region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stay {
    pub(crate) since: Instant,
    /// What it was told when it came.
    pub(crate) forecast: Duration,
}

impl Stay {
    /// What is left of the wait. One that is overdue is as long as that of a call that comes now, and
    /// no shorter than it is overdue: where a quota is not known, forecasts tell of the next call alone.
    pub(crate) fn left(&self, now: Instant, anew: impl FnOnce() -> Duration) -> Duration {
        let waited = now.saturating_duration_since(self.since);
        match self.forecast.checked_sub(waited) {
            Some(left) if !left.is_zero() => left,
            _ => anew().max(waited - self.forecast),
        }
    }
}

/// How long until a call that has `left` to wait looks around: those who wait long look seldom, or a
/// large batch would do little else.
pub(crate) fn looks_after(left: Duration) -> Duration {
    (left / 16).clamp(SOONEST, LATEST)
}

/// Whether a call that has `left` to wait goes where it would cost `elsewhere`. Within the `patience`
/// that it has where it is it stays, as one that comes now would.
pub(crate) fn moves(left: Duration, patience: Duration, elsewhere: Duration) -> bool {
    left > patience && left.saturating_sub(elsewhere) > SAVED + left / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATIENCE: Duration = seconds(3);

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_wait_grows_shorter_until_it_is_overdue() {
        let since = Instant::now();
        let forecast = seconds(10);
        let stay = Stay { since, forecast };
        let anew = || seconds(7);
        assert_eq!(stay.left(since, anew), seconds(10));
        assert_eq!(stay.left(since + seconds(9), anew), seconds(1));
        assert_eq!(stay.left(since + seconds(10), anew), seconds(7));
        assert_eq!(stay.left(since + seconds(17), anew), seconds(7));
        // The forecast was wrong, and one that is made anew is no better.
        assert_eq!(stay.left(since + seconds(90), anew), seconds(80));
    }

    #[test]
    fn a_move_has_to_be_worth_it() {
        assert!(moves(seconds(20), PATIENCE, seconds(13)));
        assert!(!moves(seconds(20), PATIENCE, seconds(14)));
        assert!(!moves(PATIENCE, PATIENCE, Duration::ZERO));
        assert!(moves(seconds(31), seconds(30), seconds(20)));
        assert!(moves(Duration::MAX, PATIENCE, seconds(600)));
        assert!(!moves(Duration::MAX, PATIENCE, Duration::MAX));
    }

    #[test]
    fn who_waits_long_looks_around_seldom() {
        assert_eq!(looks_after(Duration::ZERO), seconds(1));
        assert_eq!(looks_after(seconds(16)), seconds(1));
        assert_eq!(looks_after(seconds(48)), seconds(3));
        assert_eq!(looks_after(Duration::MAX), seconds(5));
    }

    proptest! {
        /// Whoever moved and finds both waits as forecast does not move back.
        #[test]
        fn nobody_moves_to_and_fro(here in 0_u64..100_000, there in 0_u64..100_000) {
            let (here, there) = (Duration::from_millis(here), Duration::from_millis(there));
            prop_assert!(!(moves(here, PATIENCE, there) && moves(there, PATIENCE, here)));
        }
    }
}
