use super::queue::Place;
use crate::account::Charge;
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
    /// When the call has waited as long as it would.
    pub(crate) latest: Option<u64>,
}

/// What becomes of a call that comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Admitted(Charge),
    Waits(Place),
    /// There is room at that time, if ever.
    Rejected(Cause, Option<u64>),
}

/// What becomes of a call that waits: admitted, or rejected for this cause with room at that time,
/// if ever.
pub(crate) type Answer = Result<Charge, (Cause, Option<u64>)>;

/// What became of a call that was admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// The server let it in, and it came to so much.
    Came(Amount),
    /// It was given up, and nobody knows what it came to: what it reserved counts.
    Kept,
    /// It was never charged.
    Refunded,
}
