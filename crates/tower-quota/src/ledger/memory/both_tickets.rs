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

    /// It is about one of the two keys, and the other hears of it as a call that was never made.
    fn throttled(self: Box<Self>, throttle: Throttle) -> Duration {
        if !self.own.explains(throttle) && self.outer.explains(throttle) {
            self.own.refund();
            self.outer.throttled(throttle)
        } else {
            self.outer.refund();
            self.own.throttled(throttle)
        }
    }
}
