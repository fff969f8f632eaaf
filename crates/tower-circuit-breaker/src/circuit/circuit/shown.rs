use std::time::Duration;

use tokio::time::Instant;

use super::{Circuit, Phase};
use crate::transition::{OpenedBy, State};

/// Until when a circuit says something that a new one would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Not,
    Until(Instant),
    ForGood,
}

/// What a circuit tells of itself, which changes nothing.
impl Circuit {
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
        }
    }

    /// Whether it is open because the service is exhausted.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.state() == State::Open && self.opened_by == Some(OpenedBy::Exhausted)
    }

    /// Whether a call has come since it was made.
    pub(crate) fn was_called(&self) -> bool {
        self.called
    }

    /// The calls that it rejected.
    pub(crate) fn rejections(&self) -> u64 {
        self.rejections
    }

    /// Why it opened last; `None` if it never did.
    pub(crate) fn opened_by(&self) -> Option<OpenedBy> {
        self.opened_by
    }

    /// When a circuit that is open stops being so by itself.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open { until } => until,
            Phase::Closed { .. } | Phase::HalfOpen(_) => None,
        }
    }

    /// Whether it stays as it is, open or closed, until told otherwise or, where it was forced open
    /// for a time, until that is over.
    pub(crate) fn is_forced(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Open { until } => {
                self.opened_by == Some(OpenedBy::Forced) && until.is_none_or(|until| now < until)
            }
            Phase::Closed { forced, .. } => forced,
            Phase::HalfOpen(_) => false,
        }
    }

    /// Until when it is worth keeping although no call is under way.
    pub(crate) fn kept_until(&self, now: Instant) -> Kept {
        match self.phase {
            Phase::Open { until: Some(until) } if now < until => Kept::Until(until),
            Phase::Open { until: None } | Phase::Closed { forced: true, .. } => Kept::ForGood,
            Phase::Closed {
                ramp: Some(ref ramp),
                ..
            } if ramp.share(now).is_some() => Kept::Until(ramp.ends()),
            // A circuit that waits for its next probe does what a new one does: it lets that pass.
            _ => Kept::Not,
        }
    }

    /// The probes under way whose lease has not ended.
    pub(crate) fn probes(&self, now: Instant) -> usize {
        match &self.phase {
            Phase::HalfOpen(half_open) => half_open.probes(now),
            Phase::Closed { .. } | Phase::Open { .. } => 0,
        }
    }

    /// The share of the calls that is admitted while a ramp follows the closing success.
    pub(crate) fn ramping(&self, now: Instant) -> Option<f64> {
        match &self.phase {
            Phase::Closed { ramp, .. } => ramp.as_ref()?.share(now),
            Phase::Open { .. } | Phase::HalfOpen(_) => None,
        }
    }

    /// How long calls would be rejected from now on, whatever share of them is admitted.
    pub(crate) fn rejects_for(&self, now: Instant) -> Duration {
        match &self.phase {
            Phase::Closed { .. } => Duration::ZERO,
            Phase::Open { until: None } => Duration::MAX,
            Phase::Open { until: Some(until) } => until.saturating_duration_since(now),
            Phase::HalfOpen(half_open) => half_open.full_for(&self.settings, now),
        }
    }

    /// Whether the next call would be rejected, whatever share of the calls is admitted.
    #[cfg(feature = "load")]
    pub(crate) fn rejects(&self, now: Instant) -> bool {
        self.rejects_for(now) > Duration::ZERO
    }

    /// The places that are free for probes; none unless it is half-open.
    pub(crate) fn places(&self) -> u64 {
        match &self.phase {
            Phase::HalfOpen(half_open) => half_open.places(&self.settings),
            Phase::Closed { .. } | Phase::Open { .. } => 0,
        }
    }
}
