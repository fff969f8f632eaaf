/// Why a result that was worth a retry went to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    Attempts,
    /// No costly attempts left.
    Costly,
    Deadline,
    Budget,
    NotCloneable,
    /// The hint was longer than a hint may be.
    Hint,
    /// Rejections took all the time that they may take.
    Rejected,
}

impl GaveUp {
    pub(crate) const COUNT: usize = 7;
}

/// Why another attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Throttled,
    Transient,
    Costly,
    /// The attempt was refused before it was sent, so that it is the same attempt again.
    Rejected,
}

impl Cause {
    pub(crate) const COUNT: usize = 4;
}
