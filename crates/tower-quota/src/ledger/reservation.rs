use std::fmt;
use std::time::Duration;

use super::ticket::Ticket;
use crate::call::Throttle;
use crate::ledger::memory::MemoryTicket;

/// What a call has reserved. It moves with the call, and on into a streamed response.
///
/// # Cancellation
///
/// Dropped before the inner service was called it is refunded. Dropped after that, because the
/// caller went away or a stream was not read to its end, it is settled at what it reserved: the
/// server may have charged all of it, and nobody will say.
pub struct Reservation {
    held: Option<Held>,
    sent: bool,
    confirmed: bool,
}

/// A ticket that is not ended yet. The one of our own ledger lies in here, for a box would be the
/// only allocation of a call that fits.
pub(crate) enum Held {
    Memory(MemoryTicket),
    Other(Box<dyn Ticket>),
}

impl Reservation {
    /// For ledgers: holds `ticket`, to end it once.
    #[must_use]
    pub fn new(ticket: impl Ticket + 'static) -> Self {
        Self::of(Held::Other(Box::new(ticket)))
    }

    pub(crate) fn of(held: Held) -> Self {
        Self {
            held: Some(held),
            sent: false,
            confirmed: false,
        }
    }

    /// The tokens reserved.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        match &self.held {
            Some(Held::Memory(ticket)) => ticket.tokens(),
            Some(Held::Other(ticket)) => ticket.tokens(),
            None => 0,
        }
    }

    /// The server has begun to answer, as with the first event of a stream: it let the call in.
    /// What the call came to is said later.
    ///
    /// Calls that are tried beyond what the server is known to have wait for such news of the one
    /// before; without it they wait until a throttle would have come. To say it again does nothing.
    pub fn confirmed(&mut self) {
        if std::mem::replace(&mut self.confirmed, true) {
            return;
        }
        match &mut self.held {
            Some(Held::Memory(ticket)) => ticket.confirmed(),
            Some(Held::Other(ticket)) => ticket.confirmed(),
            None => {}
        }
    }

    /// The server let the call in, and it came to `tokens`: less is given back, more is a debt
    /// that delays later calls.
    pub fn settle(mut self, tokens: u64) {
        match self.held.take() {
            Some(Held::Memory(ticket)) => ticket.settle(tokens),
            Some(Held::Other(ticket)) => ticket.settle(tokens),
            None => {}
        }
    }

    /// The call was never charged.
    pub fn refund(mut self) {
        // Dropped as one that was never sent.
        self.sent = false;
    }

    /// The call was throttled, which costs nothing. Returns how long it takes until such a call may
    /// go, if those who wait are not counted.
    #[expect(clippy::must_use_candidate, reason = "the wait is no more than a hint")]
    pub fn throttled(mut self, throttle: Throttle) -> Duration {
        match self.held.take() {
            Some(Held::Memory(ticket)) => ticket.throttled(throttle),
            Some(Held::Other(ticket)) => ticket.throttled(throttle),
            None => Duration::ZERO,
        }
    }

    /// The call waited on after it was admitted: its key counts it from now on.
    pub(crate) fn renew(&mut self) {
        if let Some(Held::Memory(ticket)) = &mut self.held {
            ticket.renew();
        }
    }

    /// Whether the limits of its key explain a throttle of the call.
    pub(crate) fn explains(&self, throttle: Throttle) -> bool {
        matches!(&self.held, Some(Held::Memory(ticket)) if ticket.explains(throttle))
    }

    /// From here on the server may charge.
    pub(crate) fn sent(&mut self) {
        self.sent = true;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match (self.held.take(), self.sent) {
            // The inner service was not called, so the server cannot have charged anything.
            (Some(Held::Memory(ticket)), false) => ticket.refund(),
            (Some(Held::Other(ticket)), false) => ticket.refund(),
            (Some(Held::Memory(ticket)), true) => ticket.keep(),
            (Some(Held::Other(ticket)), true) => ticket.keep(),
            (None, _) => {}
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("tokens", &self.tokens())
            .finish_non_exhaustive()
    }
}
