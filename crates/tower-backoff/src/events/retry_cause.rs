use std::fmt;

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
