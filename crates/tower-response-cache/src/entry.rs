use std::fmt;

use tokio::time::Instant;

use crate::Keep;

/// A value in a [`Store`], with its lifetime and its weight.
///
/// [`Store`]: crate::Store
#[derive(Clone)]
pub struct Entry<V> {
    value: V,
    stored_at: Instant,
    expires_at: Option<Instant>,
    weight: u64,
}

impl<V> Entry<V> {
    /// An entry that is stored `now` and kept as `keep` says.
    pub fn new(value: V, keep: Keep, now: Instant) -> Self {
        Self {
            value,
            stored_at: now,
            expires_at: now.checked_add(keep.ttl()),
            weight: keep.weighs(),
        }
    }

    /// When the value was stored.
    pub fn stored_at(&self) -> Instant {
        self.stored_at
    }

    /// The instant from which the value is expired; `None` is never.
    pub fn expires_at(&self) -> Option<Instant> {
        self.expires_at
    }

    /// Whether the value is expired at `now`.
    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// The weight, in the unit of the store's bound; never 0.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// The value.
    pub fn into_value(self) -> V {
        self.value
    }
}

// The value may be an answer of a user's; it stays out of any log.
impl<V> fmt::Debug for Entry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("stored_at", &self.stored_at)
            .field("expires_at", &self.expires_at)
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}
