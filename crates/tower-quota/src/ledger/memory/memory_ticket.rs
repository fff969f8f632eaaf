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
#[derive(Debug)]
pub(crate) struct MemoryTicket {
    key_state: Arc<KeyState>,
    entry: Entry,
    /// The call had to wait for its turn.
    waited: bool,
}

impl MemoryTicket {
    pub(crate) fn new(key_state: Arc<KeyState>, entry: Entry, waited: bool) -> Self {
        Self {
            key_state,
            entry,
            waited,
        }
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.entry.charge.amount.tokens
    }

    pub(crate) fn settle(&self, tokens: u64) {
        let waited = self.waited;
        self.end(Amount::call(tokens), Evidence::LetIn { waited });
    }

    pub(crate) fn keep(&self) {
        self.end(self.entry.charge.amount, Evidence::Nothing);
    }

    pub(crate) fn refund(&self) {
        self.end(Amount::NONE, Evidence::Nothing);
    }

    fn end(&self, actual: Amount, evidence: Evidence) {
        self.key_state.settle(&self.entry, actual, evidence);
    }

    pub(crate) fn throttled(&self, throttle: Throttle) -> Duration {
        self.key_state.throttled(&self.entry, throttle)
    }
}
