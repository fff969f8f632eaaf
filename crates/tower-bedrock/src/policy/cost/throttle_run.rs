use std::time::Duration;
use tokio::time::Instant;

/// The throttles of one model since it last answered, to tell a quota that is never there from one
/// that is full for a while.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ThrottleRun {
    throttles: u32,
    last: Option<Instant>,
    /// For how long calls were throttled.
    lasted: Duration,
    has_answered: bool,
}

/// Two throttles an hour apart say nothing of the time between them. One after the other they do, as
/// long as a retry may wait: a minute, and what the quota layer adds to it.
const LONGEST_GAP: Duration = Duration::from_secs(90);

/// With calls enough to be throttled this often, an answer would have come by if there were any quota.
const LEAST: u32 = 8;

/// A model that never answered has no quota, most likely.
const NEVER_ANSWERED: u32 = 4;

impl ThrottleRun {
    /// The model answered.
    pub(super) fn end(&mut self) {
        *self = Self {
            has_answered: true,
            ..Self::default()
        };
    }

    /// One more throttle at `now`.
    pub(super) fn add(&mut self, now: Instant) {
        let gap = self.last.map(|last| now.saturating_duration_since(last));
        self.lasted += gap.filter(|gap| *gap <= LONGEST_GAP).unwrap_or_default();
        self.last = Some(now);
        self.throttles = self.throttles.saturating_add(1);
    }

    /// For how long there were nothing but throttles, if that is worth a word, and whether it is as
    /// long as `patience`, or a quarter of it for a model that never answered.
    pub(super) fn lasts(&self, patience: Duration) -> Option<(Duration, bool)> {
        let patience = if self.has_answered {
            patience
        } else {
            patience / NEVER_ANSWERED
        };
        (self.throttles >= LEAST).then_some((self.lasted, self.lasted >= patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A throttle every so often. Says after how many the model is given up, and after which time.
    fn given_up(run: &mut ThrottleRun, start: Instant, every: Duration) -> Option<(u32, Duration)> {
        (0..1000).find_map(|number| {
            run.add(start + number * every);
            let lasts = run.lasts(120 * SECOND);
            let over = lasts.filter(|(_, over)| *over);
            over.map(|(time, _)| (number + 1, time))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn both_time_and_throttles_have_to_be_there_and_an_answer_starts_anew() {
        let start = Instant::now();
        let mut run = ThrottleRun::default();
        run.end();
        assert_eq!(given_up(&mut run, start, SECOND), Some((121, 120 * SECOND)));
        run.end();
        let rare = given_up(&mut run, start, 60 * SECOND);
        assert_eq!(rare, Some((8, 420 * SECOND)));
        run.end();
        assert_eq!(given_up(&mut run, start, Duration::ZERO), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_never_answered_is_given_up_sooner() {
        let mut run = ThrottleRun::default();
        let given_up = given_up(&mut run, Instant::now(), SECOND);
        assert_eq!(given_up, Some((31, 30 * SECOND)));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_no_throttle() {
        let (start, hour) = (Instant::now(), 3600 * SECOND);
        let mut run = ThrottleRun::default();
        assert_eq!(given_up(&mut run, start, hour), None);
        // What was throttled before and after it counts.
        let start = start + 1000 * hour;
        assert_eq!(given_up(&mut run, start, SECOND), Some((31, 30 * SECOND)));
    }
}
