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
#[derive(Debug)]
pub struct Reservation {
    held: Option<Held>,
    sent: bool,
}

/// A ticket that is not ended yet. The one of our own ledger lies in here, for a box would be the
/// only allocation of a call that fits.
enum Held {
    Memory(MemoryTicket),
    Other(Box<dyn Ticket>),
}

impl Reservation {
    /// For ledgers: holds `ticket`, to end it once.
    #[must_use]
    pub fn new(ticket: impl Ticket + 'static) -> Self {
        Self {
            held: Some(Held::Other(Box::new(ticket))),
            sent: false,
        }
    }

    pub(crate) fn of(ticket: MemoryTicket) -> Self {
        Self {
            held: Some(Held::Memory(ticket)),
            sent: false,
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
        self.end_refunded();
    }

    /// The call was throttled, which costs nothing. Returns after what
    /// time there is room for one like it, those who wait left out.
    #[expect(clippy::must_use_candidate, reason = "the wait is no more than a hint")]
    pub fn throttled(mut self, throttle: Throttle) -> Duration {
        match self.held.take() {
            Some(Held::Memory(ticket)) => ticket.throttled(throttle),
            Some(Held::Other(ticket)) => ticket.throttled(throttle),
            None => Duration::ZERO,
        }
    }

    /// From here on the server may charge.
    pub(crate) fn sent(&mut self) {
        self.sent = true;
    }

    fn end_refunded(&mut self) {
        match self.held.take() {
            Some(Held::Memory(ticket)) => ticket.refund(),
            Some(Held::Other(ticket)) => ticket.refund(),
            None => {}
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // The inner service was not called, so the server cannot have charged anything.
        if !self.sent {
            return self.end_refunded();
        }
        match self.held.take() {
            Some(Held::Memory(ticket)) => ticket.keep(),
            Some(Held::Other(ticket)) => ticket.keep(),
            None => {}
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Memory",
            Self::Other(_) => "Other",
        })
    }
}
