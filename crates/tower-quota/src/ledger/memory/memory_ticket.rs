use std::sync::Arc;
use std::time::Duration;

use super::key_state::KeyState;
use crate::account::Charge;
use crate::call::Throttle;
use crate::limit::Amount;
use crate::schedule::End;

/// What the ledger in memory reserved for one call.
///
/// It does what a [`Ticket`](crate::ledger::Ticket) does, but is kept in the reservation itself: a
/// box for each call would be the only allocation of one that fits.
pub(crate) struct MemoryTicket {
    pub(super) key: Arc<KeyState>,
    pub(super) charge: Charge,
}

impl MemoryTicket {
    pub(crate) fn tokens(&self) -> u64 {
        self.charge.amount().tokens
    }

    /// The call is sent only now, and not when it was admitted.
    pub(crate) fn renew(&mut self) {
        self.charge = self.key.renew(&self.charge);
    }

    pub(crate) fn confirmed(&self) {
        self.key.confirmed(&self.charge);
    }

    pub(crate) fn settle(&self, tokens: u64) {
        self.key.end(&self.charge, End::Came(Amount::call(tokens)));
    }

    pub(crate) fn keep(&self) {
        self.key.end(&self.charge, End::Kept);
    }

    pub(crate) fn refund(&self) {
        self.key.end(&self.charge, End::Refunded);
    }

    /// Whether the limits here explain a throttle of the call.
    pub(crate) fn explains(&self, throttle: Throttle) -> bool {
        match throttle {
            Throttle::Rate { unit, .. } => self.key.explains(&self.charge, unit),
            Throttle::Exhausted { .. } => false,
        }
    }

    pub(crate) fn throttled(&self, throttle: Throttle) -> Duration {
        self.key.report_throttle(&self.charge, throttle)
    }
}
