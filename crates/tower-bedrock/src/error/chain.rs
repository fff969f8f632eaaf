use std::{error::Error, fmt::Write, iter};

pub(super) type Cause<'a> = &'a (dyn Error + 'static);

/// The error, and what caused it, outermost first.
pub(super) fn chain<'a>(error: Cause<'a>) -> impl Iterator<Item = Cause<'a>> {
    iter::successors(Some(error), |&cause| cause.source())
}

/// The texts of all of them.
pub(super) fn texts(error: Cause<'_>) -> String {
    let mut text = error.to_string();
    for cause in chain(error).skip(1) {
        let _ = write!(text, ": {cause}");
    }
    text
}
