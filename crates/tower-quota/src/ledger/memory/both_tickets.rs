use std::time::Duration;

use super::memory_ticket::MemoryTicket;
use crate::call::Throttle;
use crate::ledger::{Reservation, Ticket};

/// What was reserved for a call that is under the limits of two keys.
pub(super) struct BothTickets {
    pub(super) own: MemoryTicket,
    pub(super) outer: Reservation,
}

impl Ticket for BothTickets {
    fn tokens(&self) -> u64 {
        self.own.tokens()
    }

    fn confirmed(&mut self) {
        self.own.confirmed();
        self.outer.confirmed();
    }

    fn settle(self: Box<Self>, tokens: u64) {
        self.own.settle(tokens);
        self.outer.settle(tokens);
    }

    fn keep(mut self: Box<Self>) {
        self.own.keep();
        // It counts as what it reserved, as one does that is dropped after it was sent.
        self.outer.sent();
    }

    fn refund(self: Box<Self>) {
        self.own.refund();
        self.outer.refund();
    }

    /// It says nothing of the outer key: who is short of both hears of it by the next call.
    fn throttled(self: Box<Self>, throttle: Throttle) -> Duration {
        self.outer.refund();
        self.own.throttled(throttle)
    }
}
