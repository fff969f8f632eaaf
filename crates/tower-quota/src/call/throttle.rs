use std::time::Duration;

use crate::limit::Unit;

/// How the server refused a call for lack of quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Throttle {
    /// For now. What it says about the limits is concluded from what was known when the call was
    /// sent.
    Rate {
        /// The server's own hint: the key admits nothing before.
        retry_after: Option<Duration>,
        /// What there was too little of, if the server says so: it is about a limit in that unit,
        /// where there is any.
        unit: Option<Unit>,
    },
    /// For long, as for the rest of the day: the key admits nothing for that time.
    Exhausted {
        /// The server's own hint. Without one it is
        /// [`exhausted_for`](crate::QuotaLayer::exhausted_for).
        retry_after: Option<Duration>,
    },
}
