use std::fmt;
use std::hash::Hash;

use super::headroom::Headroom;
use super::snapshot::Snapshot;
use crate::ledger::memory::MemoryLedger;
use crate::limit::{Limits, LimitsOf};

/// Shows what the keys of a layer use, and changes their limits; made by [`QuotaLayer::handle`](crate::QuotaLayer::handle).
///
/// # Clone
///
/// Clones are of the same layer.
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

    /// What keys use together that [`max_keys`](crate::QuotaLayer::max_keys) leaves no room for:
    /// one for each kind of limits that such keys have had. Empty as long as there was room.
    #[must_use]
    pub fn overflow(&self) -> Vec<Snapshot> {
        let shared = self.ledger.overflow().into_iter();
        shared.map(|state| state.look(Snapshot::of)).collect()
    }

    /// How much room `key` has for another call: all of it if it was never used or is forgotten,
    /// and where there is no room for it, what [others](Self::overflow) leave.
    #[must_use]
    pub fn headroom(&self, key: &K) -> Headroom {
        let state = self.ledger.find_or_shared(key);
        state.map_or(Headroom::WHOLE, |state| state.look(Headroom::of))
    }

    /// Gives `key` other limits from now on, whatever the layer was made with.
    ///
    /// What is used of a limit of the same unit and period stays used, and what was learned of it
    /// stays known. Calls that wait go or are rejected at once where the new limits say so.
    pub fn set_limits(&self, key: &K, limits: impl Into<Limits>) {
        self.ledger.set_limits(key, limits.into());
    }

    /// Gives all keys other limits from now on, those to come and those that were
    /// [given](Self::set_limits) their own included: as if the layer had been made with `limits`.
    pub fn set_all_limits(&self, limits: impl LimitsOf<K> + Send + Sync + 'static) {
        self.ledger.set_all_limits(limits);
    }

    /// Admits no call any more, of no key, for a process that is about to end.
    ///
    /// Calls that wait are rejected at once with [`Closed`](crate::Cause::Closed) and the wait that they
    /// would have had, calls that come later with the wait that there would be: somebody else may have
    /// room by then. Calls under way go on and settle. There is no way back, and to close once more
    /// changes nothing.
    pub fn close(&self) {
        self.ledger.close();
    }

    /// Whether it was [closed](Self::close).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ledger.is_closed()
    }

    /// The keys that are remembered at the moment, in no order.
    #[must_use]
    pub fn keys(&self) -> Vec<K> {
        self.ledger.keys()
    }
}

impl<K> Handle<K> {
    /// The layer's [name](crate::QuotaLayer::name).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.ledger.name()
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
