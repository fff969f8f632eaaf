use super::queue::Place;
use crate::account::Entry;
use crate::call::Priority;
use crate::error::Cause;
use crate::limit::Amount;

/// A call as the scheduler sees it: what it asks for, without its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) amount: Amount,
    pub(crate) priority: Priority,
    pub(crate) tenant: u64,
    pub(crate) deadline: Option<u64>,
}

/// What becomes of a call that comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Admitted(Entry),
    Waits(Place),
    /// There is room at that time, if ever.
    Rejected(Cause, Option<u64>),
}

/// What becomes of a call that waits: admitted, or rejected for this cause with room at that time.
pub(crate) type Answer = Result<Entry, (Cause, u64)>;

/// What the end of a call says about the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Evidence {
    /// The server let the call in. A call that waited for its turn says more: the limit was
    /// really tried, and more is wanted than it gives.
    LetIn { waited: bool },
    /// Nothing: the call was given up, or never sent.
    Nothing,
}
