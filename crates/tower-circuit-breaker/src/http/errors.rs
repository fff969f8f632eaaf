use std::any::Any;
use std::error::Error;
use std::iter::successors;

/// So deep at most: a source may be its own.
const DEEPEST: usize = 16;

/// The error of type `T`: the given one itself or, if that is a box, what is in it or in its sources.
pub(super) fn find<T: Error + 'static>(error: &dyn Any) -> Option<&T> {
    if let Some(itself) = error.downcast_ref() {
        return Some(itself);
    }
    let boxed = error.downcast_ref::<Box<dyn Error + Send + Sync>>()?;
    let first: &(dyn Error + 'static) = &**boxed;
    let mut chain = successors(Some(first), source).take(DEEPEST);
    chain.find_map(|error| error.downcast_ref())
}

fn source<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    (**error).source()
}
