//! What is to come for a Region's quota? A forecast of waits knows those who wait, and not those who
//! will come again.

use std::time::Duration;
use tokio::time::Instant;

/// Use is looked at over so long, and up to twice that.
const SPAN: Duration = Duration::from_secs(15);

/// Of a shorter time there is little to tell: what was used is then taken for that of so long.
const LEAST: Duration = Duration::from_secs(10);

/// What those who move write anew takes a quarter of a quota at most.
const SPREAD: u32 = 4;

/// What is ahead of one model in one Region.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ahead {
    older: Option<Mark>,
    newer: Option<Mark>,
    /// Until when the quota that comes in belongs to those who moved.
    owed_until: Option<Instant>,
}

/// How many tokens were used up to some time.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    used: u64,
}

impl Ahead {
    /// A call comes that belongs to a conversation; `used` says how many tokens were used so far.
    pub(crate) fn comes(&mut self, now: Instant, used: impl FnOnce() -> u64) {
        let age = self
            .newer
            .map(|mark| now.saturating_duration_since(mark.at));
        if age.is_some_and(|age| age < SPAN) {
            return;
        }
        // After a pause what was before it tells nothing.
        self.older = self.newer.filter(|_| age < Some(2 * SPAN));
        let used = used();
        self.newer = Some(Mark { at: now, used });
    }

    /// How many tokens were used in a minute lately, if it were `used` until now.
    pub(crate) fn per_minute(&self, now: Instant, used: u64) -> f64 {
        let Some(mark) = self.older.or(self.newer) else {
            return 0.0;
        };
        let time = now.saturating_duration_since(mark.at).max(LEAST);
        used.saturating_sub(mark.used) as f64 * 60.0 / time.as_secs_f64()
    }

    /// Somebody moves here, and has to write anew what is so much time of the quota.
    pub(crate) fn owes(&mut self, now: Instant, cold: Duration) {
        let until = self.owed_until.map_or(now, |until| until.max(now));
        let until = until.checked_add(cold.saturating_mul(SPREAD));
        self.owed_until = until.or(self.owed_until);
    }

    /// How long that has not come in yet.
    pub(crate) fn owed(&self, now: Instant) -> Duration {
        let until = self.owed_until;
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// What is known when a conversation's call has come each second, from 0 on, after each of which
    /// so many tokens more were used.
    fn after(begin: Instant, calls: u64, tokens: u64) -> Ahead {
        let mut ahead = Ahead::default();
        for call in 0..calls {
            ahead.comes(begin + seconds(call), || call * tokens);
        }
        ahead
    }

    #[test]
    fn use_is_by_the_time_that_it_took() {
        let begin = Instant::now();
        assert!(Ahead::default().per_minute(begin, 9).abs() < 1e-9);
        let minute = |calls: u64| {
            let now = begin + seconds(calls);
            after(begin, calls, 1_000).per_minute(now, calls * 1_000)
        };
        // Three in as many seconds are no more than three in ten.
        assert!((minute(3) - 18_000.0).abs() < 1e-6);
        for calls in [10, 14, 15, 40, 300] {
            let by = minute(calls) / 60_000.0;
            assert!((0.999..1.001).contains(&by), "{calls}: {by}");
        }
    }

    #[test]
    fn use_is_that_of_late() {
        let begin = Instant::now();
        let mut ahead = after(begin, 100, 1_000);
        for second in 100..140 {
            ahead.comes(begin + seconds(second), || 100_000);
        }
        let now = begin + seconds(140);
        assert!(ahead.per_minute(now, 100_000) < 1.0, "{ahead:?}");
        assert!(ahead.per_minute(now, 150_000) > 100_000.0, "{ahead:?}");
    }

    #[test]
    fn after_a_pause_it_begins_anew() {
        let begin = Instant::now();
        let mut ahead = after(begin, 60, 1_000);
        let hour = begin + seconds(3_600);
        ahead.comes(hour, || 60_000);
        // 20,000 tokens in ten seconds, and not in an hour.
        let per_minute = ahead.per_minute(hour + seconds(10), 80_000);
        assert!((per_minute - 120_000.0).abs() < 1e-6, "{per_minute}");
    }

    #[test]
    fn what_is_used_is_asked_for_seldom() {
        let begin = Instant::now();
        let (mut ahead, mut asked) = (Ahead::default(), 0);
        for call in 0..600_u32 {
            ahead.comes(begin + call * Duration::from_millis(100), || {
                asked += 1;
                0
            });
        }
        assert_eq!(asked, 4);
    }

    #[test]
    fn who_moves_lets_others_wait_for_a_while() {
        let now = Instant::now();
        let mut ahead = Ahead::default();
        assert_eq!(ahead.owed(now), Duration::ZERO);
        ahead.owes(now, seconds(3));
        ahead.owes(now, seconds(2));
        assert_eq!(ahead.owed(now), seconds(20));
        assert_eq!(ahead.owed(now + seconds(19)), seconds(1));
        // What was paid long ago is no credit.
        ahead.owes(now + seconds(60), seconds(1));
        assert_eq!(ahead.owed(now + seconds(60)), seconds(4));
        ahead.owes(now, Duration::MAX);
        assert!(ahead.owed(now) >= seconds(4));
    }
}
