use std::time::Duration;

use fastrand::Rng;

use super::{backoff::Backoff, jitter::Jitter};
use crate::events::GiveUpCause;

/// Tokio's timer rounds up to whole milliseconds, so a sleep may end this much later than asked.
const TICK: Duration = Duration::from_millis(1);

/// The longest wait after which an attempt still starts, with time `left` until the deadline.
pub(crate) fn longest_wait(left: Option<Duration>) -> Result<Duration, GiveUpCause> {
    let Some(left) = left else {
        return Ok(Duration::MAX);
    };
    // A sleep that ends exactly at the deadline, or rounds up to it, would start no attempt.
    let longest = left.checked_sub(TICK + Duration::from_nanos(1));
    longest.ok_or(GiveUpCause::Deadline)
}

/// The delays of one call, in order; it never ends. Made by [`Backoff::delays`].
#[derive(Clone, Debug)]
pub struct Delays {
    backoff: Backoff,
    rng: Rng,
    /// What the next step is before its jitter.
    step: Duration,
    previous: Duration,
}

impl Backoff {
    /// The delays one call would see, in order. The same seed gives the same delays.
    #[must_use]
    pub fn delays(self, seed: u64) -> Delays {
        Delays::new(self, fastrand::Rng::with_seed(seed))
    }
}

impl Delays {
    pub(crate) fn new(backoff: Backoff, rng: Rng) -> Self {
        Self {
            backoff,
            rng,
            step: backoff.base(),
            previous: backoff.base(),
        }
    }

    /// The wait before the next attempt, if it ends with time `left` until the deadline.
    ///
    /// A hint is never undercut: the server's word counts more than ours. The jitter on top shrinks
    /// to what the deadline leaves, so that it never costs the attempt.
    pub(crate) fn wait(
        &mut self,
        hint: Option<Duration>,
        left: Option<Duration>,
    ) -> Result<Duration, GiveUpCause> {
        let longest = longest_wait(left)?;
        let wait = match hint {
            None => self.advance(),
            Some(hint) => {
                let room = longest.checked_sub(hint).ok_or(GiveUpCause::Deadline)?;
                hint.saturating_add(self.on_top(room))
            }
        };
        if wait > longest {
            return Err(GiveUpCause::Deadline);
        }
        Ok(wait)
    }

    fn advance(&mut self) -> Duration {
        let ceiling = self.ceiling();
        let delay = match self.backoff.spread() {
            Jitter::Full => self.between(Duration::ZERO, ceiling),
            Jitter::Equal => self.between(ceiling / 2, ceiling),
            Jitter::Decorrelated => self.between(self.backoff.base(), ceiling),
            Jitter::None => ceiling,
        };
        self.record(delay)
    }

    /// What is added to a hint: anything from zero to the current ceiling, and at most `room`.
    fn on_top(&mut self, room: Duration) -> Duration {
        let ceiling = match self.backoff.spread() {
            Jitter::None => Duration::ZERO,
            Jitter::Full | Jitter::Equal | Jitter::Decorrelated => self.ceiling(),
        };
        let jitter = self.between(Duration::ZERO, ceiling.min(room));
        self.record(jitter)
    }

    /// The longest that the next delay can be.
    fn ceiling(&self) -> Duration {
        match self.backoff.spread() {
            Jitter::Decorrelated => self.previous.saturating_mul(3).min(self.backoff.cap()),
            Jitter::Full | Jitter::Equal | Jitter::None => self.step,
        }
    }

    fn record(&mut self, delay: Duration) -> Duration {
        self.step = self.step.saturating_mul(2).min(self.backoff.cap());
        // Jitter on top of a hint can be next to nothing; decorrelated waits grow from the base.
        self.previous = delay.max(self.backoff.base());
        delay
    }

    fn between(&mut self, low: Duration, high: Duration) -> Duration {
        const SECOND: u128 = 1_000_000_000;
        let nanos = self.rng.u128(low.as_nanos()..=high.as_nanos());
        let seconds = u64::try_from(nanos / SECOND).unwrap_or(u64::MAX);
        Duration::new(seconds, u32::try_from(nanos % SECOND).unwrap_or(0))
    }
}

impl Iterator for Delays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.advance())
    }
}

#[cfg(test)]
mod tests;
