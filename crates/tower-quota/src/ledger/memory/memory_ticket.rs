use std::sync::Arc;
use std::time::Duration;

use super::key_state::Slot;
use crate::account::Entry;
use crate::call::Throttle;
use crate::limit::Demand;

/// What the ledger in memory reserved for one call.
#[derive(Debug)]
pub(crate) struct Grant {
    slot: Arc<Slot>,
    entry: Entry,
    /// The call had to wait for it.
    pressed: bool,
}

impl Grant {
    pub(crate) fn new(slot: Arc<Slot>, entry: Entry, pressed: bool) -> Self {
        Self {
            slot,
            entry,
            pressed,
        }
    }

    pub(crate) fn reserved(&self) -> u64 {
        self.entry.charge.asked.tokens
    }

    pub(crate) fn settle(&self, tokens: u64) {
        let actual = Demand::call(tokens);
        self.slot.settle(&self.entry, actual, Some(self.pressed));
    }

    pub(crate) fn keep(&self) {
        self.slot.settle(&self.entry, self.entry.charge.asked, None);
    }

    pub(crate) fn refund(&self) {
        self.slot.settle(&self.entry, Demand::NONE, None);
    }

    pub(crate) fn throttled(&self, throttle: Throttle) -> Duration {
        self.slot.throttled(&self.entry, throttle)
    }
}
