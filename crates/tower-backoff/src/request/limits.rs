use std::time::Duration;

use tokio::time::Instant;

use super::overrides::Overrides;
use crate::events::{GiveUpCause, RetryCause};

/// What bounds one call: the layer's settings after the request's overrides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    max_attempts: u32,
    /// An instant and what to add to it, which only a call that fails does.
    deadline: Option<(Instant, Duration)>,
    pub(crate) weight: u64,
}

impl Limits {
    /// The limits of a call that begins now, and whether they leave room for a retry at all.
    ///
    /// Reads the clock only if there is a deadline.
    #[inline]
    pub(crate) fn begin(
        max_attempts: u32,
        deadline: Option<Duration>,
        asked: Overrides,
    ) -> (Self, bool) {
        let max_attempts = asked.max_attempts.unwrap_or(max_attempts);
        let (deadline, in_time) = match (asked.deadline, deadline) {
            (Some(at), _) => (Some((at, Duration::ZERO)), Instant::now() < at),
            (None, Some(after)) => (Some((Instant::now(), after)), !after.is_zero()),
            (None, None) => (None, true),
        };
        let limits = Self {
            max_attempts,
            deadline,
            weight: asked.weight.unwrap_or(1),
        };
        (limits, in_time && max_attempts > 1)
    }

    /// No retry may start then or later.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        // An overflow is further away than any clock reaches: no deadline.
        self.deadline
            .and_then(|(from, after)| from.checked_add(after))
    }

    /// Whether a retry may follow after `attempts`. Reads the clock only if there is a deadline.
    pub(crate) fn check(&self, cause: RetryCause, attempts: u32) -> Result<(), GiveUpCause> {
        let none_left = match cause {
            // The attempt is yet to be made, but a single one has no copy of the request.
            RetryCause::Rejected => self.max_attempts == 1,
            RetryCause::Throttled | RetryCause::Transient | RetryCause::Costly => {
                self.is_last(attempts)
            }
        };
        if none_left {
            Err(GiveUpCause::Attempts)
        } else if self.expired() {
            Err(GiveUpCause::Deadline)
        } else {
            Ok(())
        }
    }

    pub(crate) fn is_last(&self, attempt: u32) -> bool {
        attempt >= self.max_attempts
    }

    pub(crate) fn expired(&self) -> bool {
        self.deadline().is_some_and(|at| Instant::now() >= at)
    }

    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        self.deadline().map(|at| at.saturating_duration_since(now))
    }
}
