use std::time::Duration;
use tokio::time::Instant;

/// The throttles of one model since it last answered, to tell a quota that is never there from one
/// that is full for a while.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ThrottleRun {
    throttles: u32,
    since: Option<Instant>,
}

/// Two throttles an hour apart say nothing of the time between them. With calls enough to be throttled
/// this often, an answer would have come by if there were any quota.
const LEAST: u32 = 12;

impl ThrottleRun {
    /// The model answered.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// One more throttle at `now`.
    pub(super) fn add(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.throttles = self.throttles.saturating_add(1);
    }

    /// Whether there were nothing but throttles for as long as `patience`.
    pub(super) fn outlasts(&self, patience: Duration, now: Instant) -> bool {
        let lasts = self.since.map(|since| now.saturating_duration_since(since));
        self.throttles >= LEAST && lasts >= Some(patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn both_time_and_throttles_have_to_be_there_and_an_answer_starts_anew() {
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let mut run = ThrottleRun::default();
        let throttled = |run: &mut ThrottleRun, now| {
            run.add(now);
            run.outlasts(2 * minute, now)
        };
        for n in 1..=11 {
            assert!(!throttled(&mut run, start + n * minute), "{n}");
        }
        assert!(throttled(&mut run, start + 12 * minute));
        run.end();
        for _ in 0..100 {
            assert!(!throttled(&mut run, start));
        }
        assert!(!throttled(&mut run, start + minute));
        assert!(throttled(&mut run, start + 2 * minute));
    }
}
