use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use super::headroom::Headroom;
use super::snapshot::Snapshot;
use crate::ledger::memory::MemoryLedger;
use crate::limit::{Amount, Limits, LimitsOf};

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

    /// How long a call of so many `tokens` would wait that comes now: zero if it goes at once.
    ///
    /// It is of [`Priority::Normal`](crate::Priority::Normal) and comes after all who wait; its share,
    /// debts and a daily limit that is used up are counted in. [`Duration::MAX`] is for a call that
    /// would be rejected, since it is larger than its limit or the layer is [closed](Self::close).
    ///
    /// It is a guess: those who wait and those under way are taken to come to as much of what they reserve
    /// as the last ones did. A call that is tried although it may be throttled goes sooner, and calls of a
    /// higher priority make it longer. A key that was never used, or is forgotten, has no wait.
    ///
    /// It takes fractions of a microsecond, however many wait, and allocates nothing: enough to ask it before
    /// each call, which of two keys to take.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower::BoxError;
    /// use tower_quota::{Ask, Limit, QuotaLayer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), BoxError> {
    /// # use tower::{Layer, Service, ServiceExt, service_fn};
    /// let limit = Limit::tokens_per_minute(60_000).burst(10_000);
    /// let layer = QuotaLayer::new(limit, |_: &u64| Ask::new("model").tokens(8_000));
    /// let handle = layer.handle();
    /// # let service = service_fn(|_: u64| async { Ok::<_, BoxError>(()) });
    /// # layer.layer(service).oneshot(0).await?;
    /// // After a call of 8,000 tokens 2,000 are left of the burst.
    /// assert_eq!(handle.wait_for(&"model", 1_000), Duration::ZERO);
    /// assert!(handle.wait_for(&"model", 5_000) >= Duration::from_secs(3));
    /// assert_eq!(handle.wait_for(&"model", 100_000), Duration::MAX);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn wait_for(&self, key: &K, tokens: u64) -> Duration {
        let Some(state) = self.ledger.find_or_shared(key) else {
            return Duration::ZERO;
        };
        state.look(|scheduler, now| {
            let at = scheduler.newcomer_goes_at(now, Amount::call(tokens));
            at.map_or(Duration::MAX, |at| {
                Duration::from_nanos(at.saturating_sub(now))
            })
        })
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
