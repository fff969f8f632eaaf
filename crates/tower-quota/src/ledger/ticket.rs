use std::time::Duration;

use crate::call::Throttle;

/// What a [`Ledger`](super::Ledger) reserved for one call. It is ended once, by one of its
/// methods but the first two; [`Reservation`](crate::Reservation) sees to that.
///
/// The methods run on the caller's task and do not wait: a ledger that has to tell another
/// process does so in the background.
pub trait Ticket: Send + Sync {
    /// The tokens reserved.
    fn tokens(&self) -> u64;

    /// The server has begun to answer: it let the call in. By default nothing is done about it.
    fn confirmed(&mut self) {}

    /// The server let the call in, and it came to `tokens`.
    fn settle(self: Box<Self>, tokens: u64);

    /// The call is given up, and nobody knows what it came to: it counts as what it reserved.
    fn keep(self: Box<Self>);

    /// The call was never charged.
    fn refund(self: Box<Self>);

    /// The call was throttled, and not charged. Returns how long it takes until such a call may go,
    /// if those who wait are not counted.
    fn throttled(self: Box<Self>, throttle: Throttle) -> Duration;
}
