use std::time::Duration;

/// What one result says about the service.
///
/// `retry_after` is the server's hint, as in the HTTP header: how long to wait at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The service is well.
    Success,
    /// The service is unwell: a server error, a timeout, a lost connection.
    Failure,
    /// The service asked for less traffic. Counted as [`Throttles`](crate::Throttles) says.
    Throttled {
        /// The shortest wait the service asks for, if it says. A circuit that this call opens stays
        /// open for at least as long, or [`max_hint`](crate::CircuitBreakerLayer::max_hint).
        retry_after: Option<Duration>,
    },
    /// Nothing will succeed for long, such as when a daily quota is used up. Opens the circuit at
    /// once.
    Exhausted {
        /// The shortest wait the service asks for, if it says. The circuit stays open for exactly as
        /// long, or [`max_exhausted_hint`](crate::CircuitBreakerLayer::max_exhausted_hint); without a
        /// hint, as long as [`exhausted_for`](crate::CircuitBreakerLayer::exhausted_for) says.
        retry_after: Option<Duration>,
    },
    /// The result says nothing about the service, such as a request it rightly refused. It does
    /// not count and does not end a run of failures; a probe gives its place back.
    Ignored,
    /// The response has begun and goes on for long, such as a stream of events: its end is told
    /// later, by the [`Outcome`](crate::Outcome) that [`Classify::later`](crate::Classify::later) is
    /// given.
    ///
    /// Until then it is a success; a failure that is told later takes that back and counts in its
    /// place. The call was as slow as its beginning.
    Later,
}

impl Verdict {
    /// Throttled, without a hint.
    #[must_use]
    pub const fn throttled() -> Self {
        Self::Throttled { retry_after: None }
    }

    /// Exhausted, without a hint.
    #[must_use]
    pub const fn exhausted() -> Self {
        Self::Exhausted { retry_after: None }
    }

    /// The same verdict with the server's hint. Verdicts that have no hint stay as they are.
    #[must_use]
    pub const fn retry_after(self, hint: Duration) -> Self {
        let retry_after = Some(hint);
        match self {
            Self::Throttled { .. } => Self::Throttled { retry_after },
            Self::Exhausted { .. } => Self::Exhausted { retry_after },
            Self::Success | Self::Failure | Self::Ignored | Self::Later => self,
        }
    }
}
