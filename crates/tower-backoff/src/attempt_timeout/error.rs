use std::{error::Error, fmt, time::Duration};

/// An attempt took longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptTimeout {
    limit: Duration,
}

impl AttemptTimeout {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit }
    }

    /// How long the attempt was allowed to take.
    #[must_use]
    pub const fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for AttemptTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt took longer than {:?}", self.limit)
    }
}

impl Error for AttemptTimeout {}
