use std::time::Duration;

/// How long a response is kept and how much room it takes; the answer of [`Policy::keep`].
///
/// [`Policy::keep`]: crate::Policy::keep
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    ttl: Duration,
    weight: u64,
}

impl Keep {
    /// Keeps a response for `ttl`, at weight 1.
    ///
    /// A `ttl` of zero keeps nothing; one too long for the clock never ends.
    #[must_use]
    pub const fn new(ttl: Duration) -> Self {
        Self { ttl, weight: 1 }
    }

    /// Sets the weight, in the unit of the store's bound: bytes, if the bound is in bytes.
    ///
    /// Default: 1. A weight of 0 counts as 1, or a store could not be bounded.
    #[must_use]
    pub const fn weight(mut self, weight: u64) -> Self {
        self.weight = if weight == 0 { 1 } else { weight };
        self
    }

    pub(crate) const fn ttl(&self) -> Duration {
        self.ttl
    }

    pub(crate) const fn weighs(&self) -> u64 {
        self.weight
    }
}
