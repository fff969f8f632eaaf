use std::fmt;
use std::hash::Hash;

use super::headroom::Headroom;
use super::snapshot::Snapshot;
use crate::ledger::memory::MemoryLedger;

/// Shows what the keys of a layer use; made by [`QuotaLayer::handle`](crate::QuotaLayer::handle).
///
/// # Clone
///
/// Clones show the same.
pub struct Handle<K> {
    ledger: MemoryLedger<K>,
}

impl<K: Hash + Eq + Clone + fmt::Display> Handle<K> {
    pub(crate) fn new(ledger: MemoryLedger<K>) -> Self {
        Self { ledger }
    }

    /// What `key` uses, or `None` if it was never used or is forgotten.
    #[must_use]
    pub fn snapshot(&self, key: &K) -> Option<Snapshot> {
        let state = self.ledger.find(key)?;
        Some(state.look(Snapshot::of))
    }

    /// How much room `key` has for another call: all of it if it was never used or is forgotten.
    #[must_use]
    pub fn headroom(&self, key: &K) -> Headroom {
        let state = self.ledger.find(key);
        state.map_or(Headroom::WHOLE, |state| state.look(Headroom::of))
    }

    /// The keys that are remembered at the moment, in no order.
    #[must_use]
    pub fn keys(&self) -> Vec<K> {
        self.ledger.keys()
    }
}

impl<K> Clone for Handle<K> {
    fn clone(&self) -> Self {
        Self {
            ledger: self.ledger.clone(),
        }
    }
}

impl<K> fmt::Debug for Handle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("keys", &self.ledger.len())
            .finish()
    }
}
