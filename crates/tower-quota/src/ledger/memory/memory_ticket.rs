use std::sync::Arc;
use std::time::Duration;

use super::key_state::KeyState;
use crate::account::Entry;
use crate::call::Throttle;
use crate::limit::Amount;

/// What the ledger in memory reserved for one call.
#[derive(Debug)]
pub(crate) struct MemoryTicket {
    key_state: Arc<KeyState>,
    entry: Entry,
    /// The call had to wait for it.
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

    pub(crate) fn reserved(&self) -> u64 {
        self.entry.charge.amount.tokens
    }

    pub(crate) fn settle(&self, tokens: u64) {
        let actual = Amount::call(tokens);
        self.key_state
            .settle(&self.entry, actual, Some(self.waited));
    }

    pub(crate) fn keep(&self) {
        self.key_state
            .settle(&self.entry, self.entry.charge.amount, None);
    }

    pub(crate) fn refund(&self) {
        self.key_state.settle(&self.entry, Amount::NONE, None);
    }

    pub(crate) fn throttled(&self, throttle: Throttle) -> Duration {
        self.key_state.throttled(&self.entry, throttle)
    }
}
