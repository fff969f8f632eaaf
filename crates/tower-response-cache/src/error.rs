use std::{error::Error, fmt};

/// The remote store failed, and may still have what it was to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotInvalidated;

impl fmt::Display for NotInvalidated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the remote store was not invalidated")
    }
}

impl Error for NotInvalidated {}
