use std::time::Duration;

/// What a classifier says about the result of one attempt.
///
/// `retry_after` is the server's hint, as in the HTTP header: how long to wait at least.
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

    /// The same verdict with the server's hint. [`Verdict::Done`] stays as it is.
    #[must_use]
    pub const fn retry_after(self, hint: Duration) -> Self {
        let retry_after = Some(hint);
        match self {
            Self::Done => Self::Done,
            Self::Throttled { .. } => Self::Throttled { retry_after },
            Self::Transient { .. } => Self::Transient { retry_after },
        }
    }
}
