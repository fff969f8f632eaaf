use std::time::Duration;

use fastrand::Rng;

use super::delays::longest_wait;
use crate::events::GiveUpCause;

/// The shortest wait after a rejection, so that a refused call never spins.
const FLOOR: Duration = Duration::from_millis(100);

/// What is added by chance to each wait, so that refused callers do not come back together.
const JITTER: Duration = Duration::from_secs(1);

/// How long one call still waits for rejections, and how long each time.
///
/// Only the sum is bounded: a circuit that opens again and again would else keep a call for minutes,
/// each time with a short hint.
#[derive(Debug)]
pub(crate) struct Rejections {
    left: Duration,
    rng: Rng,
}

impl Rejections {
    pub(crate) fn new(in_all: Duration, rng: Rng) -> Self {
        Self { left: in_all, rng }
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.left.is_zero()
    }

    /// The wait before the refused attempt is made again, with time `left` until the deadline.
    pub(crate) fn wait(
        &mut self,
        hint: Option<Duration>,
        left: Option<Duration>,
    ) -> Result<Duration, GiveUpCause> {
        let hint = hint.unwrap_or_default();
        if self.is_used_up() || hint > self.left {
            return Err(GiveUpCause::Rejected);
        }
        let shortest = hint.max(FLOOR).min(self.left);
        let longest = longest_wait(left)?;
        if shortest > longest {
            return Err(GiveUpCause::Deadline);
        }
        let nanos = u64::try_from(JITTER.as_nanos()).unwrap_or(u64::MAX);
        let jitter = Duration::from_nanos(self.rng.u64(0..=nanos));
        let wait = shortest.saturating_add(jitter).min(self.left).min(longest);
        self.left -= wait;
        Ok(wait)
    }
}

#[cfg(test)]
mod tests;
