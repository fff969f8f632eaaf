use std::{error::Error as StdError, fmt};

/// What a reader gets that is further behind the others than a record keeps for it. It is no end of the
/// body: the others go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FellBehind;

impl FellBehind {
    pub(crate) fn is(error: &(dyn StdError + 'static)) -> bool {
        error.is::<Self>()
    }
}

impl fmt::Display for FellBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader fell too far behind the others who read the same stream")
    }
}

impl StdError for FellBehind {}
