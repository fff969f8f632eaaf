use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Freshness;
use crate::policy::Keep;

/// A value in a [`Store`], with its lifetimes, its weight and its tags.
///
/// [`Store`]: crate::Store
#[derive(Clone)]
pub struct Entry<V> {
    value: V,
    stored_at: Instant,
    /// `None` means never. It follows from the other fields, and is stored so that a hit need not
    /// compute it.
    stale_from: Option<Instant>,
    keep: Keep,
    /// When its call began, by the clock that processes share. Known where there is a remote store.
    began: u64,
}

impl<V> Entry<V> {
    /// An entry that is stored `now` and kept as `keep` says.
    pub fn new(value: V, keep: Keep, now: Instant) -> Self {
        Self {
            value,
            stored_at: now,
            stale_from: now.checked_add(keep.ttl),
            keep,
            began: 0,
        }
    }

    pub(crate) fn with_began(mut self, began: u64) -> Self {
        self.began = began;
        self
    }

    pub(crate) fn began(&self) -> u64 {
        self.began
    }

    /// When the value was stored.
    pub fn stored_at(&self) -> Instant {
        self.stored_at
    }

    /// What the value may be used for at `now`.
    pub fn freshness(&self, now: Instant) -> Freshness {
        let Some(stale_from) = self.stale_from.filter(|stale_from| *stale_from <= now) else {
            return Freshness::Fresh;
        };
        let staleness = now - stale_from;
        if staleness < self.keep.while_revalidate {
            Freshness::Revalidate
        } else if staleness < self.keep.if_error {
            Freshness::IfError
        } else {
            Freshness::Expired
        }
    }

    /// Whether the value may not be used any more at `now`.
    pub fn is_expired(&self, now: Instant) -> bool {
        self.freshness(now) == Freshness::Expired
    }

    /// From when on the value may not be used any more; `None` means never.
    pub fn expires_at(&self) -> Option<Instant> {
        self.stored_at.checked_add(self.keep.lifetime())
    }

    /// The weight, in the unit of the store's bound; never 0.
    pub fn weight(&self) -> u64 {
        self.keep.weight
    }

    /// The tags under which the value can be invalidated.
    pub fn tags(&self) -> &[Arc<str>] {
        self.keep.tags()
    }

    /// Whether [`tags`](Self::tags) has `tag`.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags().iter().any(|own| **own == *tag)
    }

    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// The value alone.
    pub fn into_value(self) -> V {
        self.value
    }

    pub(crate) fn keep(&self) -> &Keep {
        &self.keep
    }

    /// The same, as if it had been stored `age` before `now`.
    pub(crate) fn aged(self, age: Duration, now: Instant) -> Self {
        // A clock that began later than that has no such instant. Then the lifetimes are shortened, so
        // that they end at the same time.
        match now.checked_sub(age) {
            Some(then) => Self::new(self.value, self.keep, then),
            None => Self::new(self.value, self.keep.shortened(age), now),
        }
        .with_began(self.began)
    }
}

// The value may be an answer of a user's; it stays out of any log.
impl<V> fmt::Debug for Entry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("stored_at", &self.stored_at)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}
