use std::sync::Arc;
use std::time::Duration;

use super::key_state::KeyState;
use crate::account::Entry;
use crate::call::Throttle;
use crate::limit::Amount;
use crate::schedule::Evidence;

/// What the ledger in memory reserved for one call.
///
/// It does what a [`Ticket`](crate::ledger::Ticket) does, but is kept in the reservation itself: a
/// box for each call would be the only allocation of one that fits.
pub(crate) struct MemoryTicket {
    pub(super) key: Arc<KeyState>,
    pub(super) entry: Entry,
    /// The call had to wait for its turn.
    pub(super) waited: bool,
}

impl MemoryTicket {
    pub(crate) fn tokens(&self) -> u64 {
        self.entry.charge.amount.tokens
    }

    pub(crate) fn settle(&self, tokens: u64) {
        let waited = self.waited;
        self.key.settle(
            &self.entry,
            Amount::call(tokens),
            Evidence::LetIn { waited },
        );
    }

    pub(crate) fn keep(&self) {
        self.key
            .settle(&self.entry, self.entry.charge.amount, Evidence::Nothing);
    }

    pub(crate) fn refund(&self) {
        self.key
            .settle(&self.entry, Amount::NONE, Evidence::Nothing);
    }

    pub(crate) fn throttled(&self, throttle: Throttle) -> Duration {
        self.key.throttled(&self.entry, throttle)
    }
}
