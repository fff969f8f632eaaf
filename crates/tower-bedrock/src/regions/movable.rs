//! Which errors does another Region make good?

use super::not_served::is_not_served;
use crate::error::{Error, ErrorKind};

/// Why a call goes to another Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its quota is spent: it was throttled, or its ledger turned the call away.
    Quota,
    /// It is short of capacity, or failed.
    Fault,
    /// Its circuit is open.
    Circuit,
    /// It does not serve the model.
    NotServed,
    /// Another one was free earlier.
    Waiting,
    /// Another model was to answer, and could not.
    OtherModel,
}

impl Reason {
    pub(crate) const ALL: [Self; 6] = [
        Self::Quota,
        Self::Fault,
        Self::Circuit,
        Self::NotServed,
        Self::Waiting,
        Self::OtherModel,
    ];

    /// The reason's name in `snake_case`, for logs and metric labels.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Fault => "fault",
            Self::Circuit => "circuit",
            Self::NotServed => "not_served",
            Self::Waiting => "waiting",
            Self::OtherModel => "other_model",
        }
    }
}

/// What becomes of a call that failed in one Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Another Region is asked, at once.
    Moves(Reason),
    /// The call may have cost something, so it is for the retry layer whether there is another attempt.
    /// That is made elsewhere, if there is room.
    Avoids,
    /// It would fail in the same way everywhere.
    Stays,
}

pub(crate) fn fate(error: &Error) -> Fate {
    match error.kind() {
        ErrorKind::Throttled | ErrorKind::Exhausted | ErrorKind::QuotaRejected => {
            Fate::Moves(Reason::Quota)
        }
        ErrorKind::Capacity => Fate::Moves(Reason::Fault),
        ErrorKind::CircuitOpen => Fate::Moves(Reason::Circuit),
        // The prompt may be at fault.
        ErrorKind::Transient if error.failed_in_the_model() => Fate::Stays,
        ErrorKind::Transient if error.lacked_credentials() => Fate::Stays,
        // It was paid for.
        ErrorKind::Transient if error.began_in_the_model() => Fate::Avoids,
        ErrorKind::Transient => Fate::Moves(Reason::Fault),
        ErrorKind::Timeout => Fate::Avoids,
        ErrorKind::Invalid | ErrorKind::AccessDenied if is_not_served(error) => {
            Fate::Moves(Reason::NotServed)
        }
        // The caller's fault, its hurry, or a part of an answer that somebody has; a closed quota is
        // closed for all Regions.
        ErrorKind::Invalid
        | ErrorKind::AccessDenied
        | ErrorKind::Truncated
        | ErrorKind::DeadlineExceeded
        | ErrorKind::NotCached
        | ErrorKind::Closed
        | ErrorKind::Other => Fate::Stays,
    }
}

/// Of two errors that one call met in different Regions the one that says most of what to do next: what a
/// retry can hope for before what it cannot, what Bedrock said before what a layer of ours did, and of
/// equal ones that which asks for the shorter wait.
pub(crate) fn more_telling(first: Error, second: Error) -> Error {
    let wait = |error: &Error| error.retry_after();
    let is_second = match rank(&first).cmp(&rank(&second)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        // One that names no wait leaves it to the retry layer, which waits shortly.
        std::cmp::Ordering::Equal => wait(&second) < wait(&first),
    };
    if is_second { second } else { first }
}

/// From the most telling one on.
fn rank(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Throttled => 0,
        ErrorKind::Capacity => 1,
        ErrorKind::Transient => 2,
        ErrorKind::CircuitOpen => 3,
        ErrorKind::QuotaRejected => 4,
        ErrorKind::Exhausted => 5,
        // These move only if the model is not served.
        ErrorKind::Invalid | ErrorKind::AccessDenied => 6,
        // These never move, so there is no other beside them.
        ErrorKind::Timeout
        | ErrorKind::Truncated
        | ErrorKind::DeadlineExceeded
        | ErrorKind::NotCached
        | ErrorKind::Closed
        | ErrorKind::Other => 7,
    }
}

#[cfg(test)]
mod tests;
