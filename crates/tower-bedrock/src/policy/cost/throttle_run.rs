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
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// One more at `now`. Whether there were nothing but throttles for as long as `patience`.
    pub(super) fn throttled(&mut self, now: Instant, patience: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        self.throttles = self.throttles.saturating_add(1);
        self.throttles >= LEAST && now.saturating_duration_since(since) >= patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn both_time_and_throttles_have_to_be_there_and_an_answer_starts_anew() {
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let mut run = ThrottleRun::default();
        for n in 1..=11 {
            assert!(!run.throttled(start + n * minute, 2 * minute), "{n}");
        }
        assert!(run.throttled(start + 12 * minute, 2 * minute));
        run.answered();
        for _ in 0..100 {
            assert!(!run.throttled(start, 2 * minute));
        }
        assert!(!run.throttled(start + minute, 2 * minute));
        assert!(run.throttled(start + 2 * minute, 2 * minute));
    }
}
