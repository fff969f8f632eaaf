use std::time::Duration;

use crate::limit::Unit;

/// How the server refused a call for lack of quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Throttle {
    /// For now. What it says about the limits is concluded from what was known when the call was
    /// sent.
    Rate {
        /// The server's own hint: the key admits nothing before, for a minute at most, or as long
        /// as its longest limit below an hour, or an hour where that is all there is. No such limit
        /// explains more, and one caller's hint is not to hold the others.
        retry_after: Option<Duration>,
        /// What there was too little of, if the server says so: it is about a limit in that unit,
        /// where there is any.
        unit: Option<Unit>,
    },
    /// For long, as for the rest of the day: calls of that size and larger ones are rejected for that
    /// time. What is left may still do for smaller ones.
    Exhausted {
        /// The server's own hint, a day at most. Without one it is
        /// [`exhausted_for`](crate::QuotaLayer::exhausted_for).
        retry_after: Option<Duration>,
    },
}
