use std::fmt;

/// Why a result that was worth a retry went to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GiveUpCause {
    /// There were no attempts left.
    Attempts,
    /// As many attempts were [costly](crate::Verdict::Costly) as may be.
    Costly,
    /// The next attempt could not have started before the deadline.
    Deadline,
    /// The [budget](crate::Budget) did not pay.
    Budget,
    /// The request could not be cloned.
    NotCloneable,
    /// The hint was longer than [`max_hint`](crate::BackoffLayer::max_hint).
    Hint,
    /// [Rejections](crate::Verdict::Rejected) took as long as
    /// [they may](crate::BackoffLayer::rejected_wait), or would have.
    Rejected,
}

impl GiveUpCause {
    pub(crate) const COUNT: usize = 7;

    /// The name in `snake_case`, as in events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Costly => "costly",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::NotCloneable => "not_cloneable",
            Self::Hint => "hint",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for GiveUpCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
