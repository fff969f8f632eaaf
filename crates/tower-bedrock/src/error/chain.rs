use std::{error::Error, iter};

pub(super) type Cause<'a> = &'a (dyn Error + 'static);

/// The error, and what caused it, outermost first.
pub(super) fn chain<'a>(error: Cause<'a>) -> impl Iterator<Item = Cause<'a>> {
    iter::successors(Some(error), |&cause| cause.source())
}
