use std::fmt;
use std::time::Duration;

/// Why a circuit opened.
///
/// `Display` says it in words, such as "5 failures in a row".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenedBy {
    /// The rule [`consecutive_failures`](crate::CircuitBreakerLayer::consecutive_failures).
    ConsecutiveFailures {
        /// Failures in a row.
        failures: u32,
    },
    /// The rule [`failure_rate`](crate::CircuitBreakerLayer::failure_rate).
    FailureRate {
        /// Failures in the window.
        failures: u64,
        /// All calls in the window.
        calls: u64,
    },
    /// The rule [`slow_calls`](crate::CircuitBreakerLayer::slow_calls).
    SlowCalls {
        /// Slow calls in the window.
        slow: u64,
        /// All calls in the window.
        calls: u64,
    },
    /// The rule [`outage`](crate::CircuitBreakerLayer::outage).
    Outage {
        /// Failures without a success among them.
        failures: u32,
        /// How long they have gone on.
        over: Duration,
    },
    /// A probe of the half-open circuit failed, was slow or was throttled.
    Probe,
    /// A result that was [`Exhausted`](crate::Verdict::Exhausted).
    Exhausted,
    /// [`Handle::force_open`](crate::Handle::force_open) or
    /// [`force_open_for`](crate::Handle::force_open_for).
    Forced,
}

impl OpenedBy {
    /// The name used in logs and metrics: `consecutive_failures`, `failure_rate`, `slow_calls`,
    /// `outage`, `probe`, `exhausted` or `forced`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures { .. } => "consecutive_failures",
            Self::FailureRate { .. } => "failure_rate",
            Self::SlowCalls { .. } => "slow_calls",
            Self::Outage { .. } => "outage",
            Self::Probe => "probe",
            Self::Exhausted => "exhausted",
            Self::Forced => "forced",
        }
    }
}

impl fmt::Display for OpenedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConsecutiveFailures { failures } => write!(f, "{failures} failures in a row"),
            Self::FailureRate { failures, calls } => {
                write!(f, "{failures} of {calls} calls failed")
            }
            Self::SlowCalls { slow, calls } => write!(f, "{slow} of {calls} calls were slow"),
            Self::Outage { failures, over } => {
                let seconds = over.as_secs();
                write!(f, "{failures} failures and no success in {seconds}s")
            }
            Self::Probe => f.write_str("a probe failed"),
            Self::Exhausted => f.write_str("the service is exhausted"),
            Self::Forced => f.write_str("forced open"),
        }
    }
}
