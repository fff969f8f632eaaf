use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use tokio::time::{Duration, Instant};

use super::priority::Priority;

/// What a call asks of the ledger before it is made: one call of its key's limits, and tokens.
///
/// It is made by [`new`](Self::new) and the methods named like its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ask<K> {
    /// Which limits the call is under.
    pub key: K,
    /// How many tokens to reserve.
    pub tokens: u64,
    /// Who goes first.
    pub priority: Priority,
    /// Who asks, as a hash.
    pub tenant: u64,
    /// The call is of no use if it starts after that.
    pub deadline: Option<Instant>,
    /// How long the call waits at most, from when it asks.
    pub max_wait: Option<Duration>,
    /// Whose limits it must fit as well.
    pub within: Option<K>,
}

impl<K> Ask<K> {
    /// One call under the limits of `key`, of no tokens.
    #[must_use]
    pub fn new(key: K) -> Self {
        Self {
            key,
            tokens: 0,
            priority: Priority::default(),
            tenant: 0,
            deadline: None,
            max_wait: None,
            within: None,
        }
    }

    /// How many tokens to reserve. Default: 0.
    #[must_use]
    pub fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = tokens;
        self
    }

    /// Who goes first. Default: [`Priority::Normal`].
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Who asks: tenants of one priority take turns. Default: all calls are one tenant's.
    ///
    /// Only a 64-bit hash is kept; should two collide, they share a turn.
    #[must_use]
    pub fn tenant(mut self, tenant: &(impl Hash + ?Sized)) -> Self {
        self.tenant = BuildHasherDefault::<DefaultHasher>::default().hash_one(tenant);
        self
    }

    /// The call is of no use if it starts after that. Default: none.
    #[must_use]
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long the call waits at most, from when it asks: the shorter of this and the
    /// [layer's](crate::QuotaLayer::max_wait) counts. Default: the layer's.
    ///
    /// It is one wait for both keys where the call is [within](Self::within) another one's limits.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// The call is one of `key` too, and must fit its limits as well as its own: such as what an
    /// account has in all its models together. Default: none.
    ///
    /// It waits there first, and only then for its own limits: so it takes a turn there before it
    /// can go. A throttle is taken for one of its own limits, unless only those of `key` were tried or
    /// full. [`max_wait`](crate::QuotaLayer::max_wait) bounds each of the two waits. A ledger that knows
    /// nothing of this admits by the call's own key alone.
    #[must_use]
    pub fn within(mut self, key: K) -> Self {
        self.within = Some(key);
        self
    }
}
