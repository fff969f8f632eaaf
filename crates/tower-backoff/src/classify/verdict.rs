use std::time::Duration;

/// What a classifier says about the result of one attempt.
///
/// `retry_after` is the server's hint, as in the HTTP header: how long to wait at least. One longer
/// than [`max_hint`](crate::BackoffLayer::max_hint) ends the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The result is the answer, good or bad. It goes to the caller.
    Done,
    /// The service asked for less traffic. Another attempt is worth it, later.
    Throttled {
        /// The shortest wait the service asks for, if it says.
        retry_after: Option<Duration>,
    },
    /// Something failed that may well work at once: a lost connection, an internal error.
    Transient {
        /// The shortest wait the service asks for, if it says.
        retry_after: Option<Duration>,
    },
    /// The attempt was worked on, and likely paid for, before it failed: a time-out, an answer that
    /// broke off. Or the fault may be the request's own. Worth another attempt, but
    /// [not many](crate::BackoffLayer::max_costly_attempts).
    Costly {
        /// The shortest wait the service asks for, if it says.
        retry_after: Option<Duration>,
    },
    /// A layer below refused the call before it was sent, as an open circuit does. The attempt is
    /// yet to be made: this one costs neither an attempt nor budget, only
    /// [time](crate::BackoffLayer::rejected_wait).
    Rejected {
        /// The shortest wait that layer asks for, if it says.
        retry_after: Option<Duration>,
    },
}

impl Verdict {
    /// Throttled, without a hint.
    #[must_use]
    pub const fn throttled() -> Self {
        Self::Throttled { retry_after: None }
    }

    /// Transient, without a hint.
    #[must_use]
    pub const fn transient() -> Self {
        Self::Transient { retry_after: None }
    }

    /// Costly, without a hint.
    #[must_use]
    pub const fn costly() -> Self {
        Self::Costly { retry_after: None }
    }

    /// Rejected, without a hint.
    #[must_use]
    pub const fn rejected() -> Self {
        Self::Rejected { retry_after: None }
    }

    /// The same verdict with the server's hint. [`Verdict::Done`] stays as it is.
    #[must_use]
    pub const fn retry_after(self, hint: Duration) -> Self {
        let retry_after = Some(hint);
        match self {
            Self::Done => Self::Done,
            Self::Throttled { .. } => Self::Throttled { retry_after },
            Self::Transient { .. } => Self::Transient { retry_after },
            Self::Costly { .. } => Self::Costly { retry_after },
            Self::Rejected { .. } => Self::Rejected { retry_after },
        }
    }
}
