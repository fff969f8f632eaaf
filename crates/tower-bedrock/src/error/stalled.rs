use std::{error::Error as StdError, fmt, time::Duration};

/// No event of a stream came for as long as its limit.
#[derive(Debug)]
pub(crate) struct Stalled {
    pub(crate) limit: Duration,
    pub(crate) is_first: bool,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = if self.is_first { "first" } else { "next" };
        write!(f, "the {which} event did not come within {:?}", self.limit)
    }
}

impl StdError for Stalled {}
