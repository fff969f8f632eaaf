use std::future::Future;

use super::reservation::Reservation;
use crate::call::Ask;
use crate::error::Rejected;

/// Who admits calls: [`MemoryLedger`](crate::MemoryLedger), or one that processes share.
///
/// A shared ledger that cannot be reached should admit by a local share, or let calls through,
/// rather than reject: [`Rejected`] means that the quota is used up. The reservation's
/// [`Ticket`](super::Ticket) tells it what the call came to, and nobody waits for it then.
pub trait Ledger<K> {
    /// Resolves when the call may be made.
    ///
    /// Dropped before that it gives up its place, and the reservation if there is one already.
    /// It should reserve nothing before it is polled.
    type Admit: Future<Output = Result<Reservation, Rejected>>;

    /// Asks for admission.
    fn admit(&self, ask: Ask<K>) -> Self::Admit;
}
