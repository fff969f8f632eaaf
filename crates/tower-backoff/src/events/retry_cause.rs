use std::{fmt, time::Duration};

use crate::classify::Verdict;

/// Why a call is made again: what the classifier said of its last result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryCause {
    /// [`Verdict::Throttled`](crate::Verdict::Throttled).
    Throttled,
    /// [`Verdict::Transient`](crate::Verdict::Transient).
    Transient,
    /// [`Verdict::Costly`](crate::Verdict::Costly).
    Costly,
    /// [`Verdict::Rejected`](crate::Verdict::Rejected): it is the same attempt again.
    Rejected,
}

impl RetryCause {
    pub(crate) const COUNT: usize = 4;

    /// What a verdict asks to make the call again for, and the server's hint.
    #[inline]
    pub(crate) const fn of(verdict: Verdict) -> Option<(Self, Option<Duration>)> {
        match verdict {
            Verdict::Done => None,
            Verdict::Throttled { retry_after } => Some((Self::Throttled, retry_after)),
            Verdict::Transient { retry_after } => Some((Self::Transient, retry_after)),
            Verdict::Costly { retry_after } => Some((Self::Costly, retry_after)),
            Verdict::Rejected { retry_after } => Some((Self::Rejected, retry_after)),
        }
    }

    /// The name in `snake_case`, as in events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Costly => "costly",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for RetryCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
