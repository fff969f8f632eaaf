/// Why a result that was worth a retry went to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    Attempts,
    Deadline,
    Budget,
    NotCloneable,
}

/// Why another attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Throttled,
    Transient,
}
