use std::{sync::Arc, time::Duration};

/// How long a result is kept, how much it weighs and by which tags it is found; what [`Policy::keep`]
/// returns.
///
/// A kept answer is fresh for its lifetime. After that it is stale, for the times that are set here: it
/// is given while a new one is fetched, or in place of an error. Both times begin at the end of the
/// lifetime.
///
/// [`Policy::keep`]: crate::Policy::keep
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    pub(crate) ttl: Duration,
    pub(crate) while_revalidate: Duration,
    pub(crate) if_error: Duration,
    pub(crate) weight: u64,
    pub(crate) later: bool,
    /// Whether it is kept though it is never fresh.
    pub(crate) stale_at_once: bool,
    tags: Option<Arc<[Arc<str>]>>,
}

impl Keep {
    /// Keeps a result for `ttl`, at weight 1, without tags, and not at all once it is stale.
    ///
    /// A `ttl` of zero keeps nothing; [`Duration::MAX`] never ends.
    #[must_use]
    pub const fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            while_revalidate: Duration::ZERO,
            if_error: Duration::ZERO,
            weight: 1,
            later: false,
            stale_at_once: false,
            tags: None,
        }
    }

    /// Says at the end of the response whether and how it is kept: see
    /// [`Policy::later`](crate::Policy::later).
    ///
    /// Anywhere but in [`Policy::keep`](crate::Policy::keep) it keeps nothing.
    #[must_use]
    pub const fn later() -> Self {
        let mut keep = Self::new(Duration::ZERO);
        keep.later = true;
        keep
    }

    /// Answers with the stale value for `time` more, while one call in the background fetches a new
    /// one. Default: 0.
    #[must_use]
    pub const fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.while_revalidate = time;
        self
    }

    /// Lets the stale value take the place of an error for `time` more, if [`Policy::stale_if_error`]
    /// allows it for that error. Default: 0.
    ///
    /// [`Policy::stale_if_error`]: crate::Policy::stale_if_error
    #[must_use]
    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.if_error = time;
        self
    }

    /// Sets the weight, in the unit of the store's bound: bytes, if the bound is in bytes.
    ///
    /// Default: 1. A weight of 0 counts as 1, or a store could not be bounded.
    #[must_use]
    pub const fn weight(mut self, weight: u64) -> Self {
        self.weight = if weight == 0 { 1 } else { weight };
        self
    }

    /// Sets the tags by which [`Handle::invalidate_tag`] finds the result: its model, its tenant, the
    /// version of a prompt. Default: none.
    ///
    /// [`Handle::invalidate_tag`]: crate::Handle::invalidate_tag
    #[must_use]
    pub fn with_tags<T: Into<Arc<str>>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        let tags: Arc<[_]> = tags.into_iter().map(Into::into).collect();
        self.tags = (!tags.is_empty()).then_some(tags);
        self
    }

    /// Whether there is a moment at which it is of use.
    pub(crate) fn is_for_use(&self) -> bool {
        let is_fresh = !self.ttl.is_zero();
        is_fresh || (self.stale_at_once && !self.lifetime().is_zero())
    }

    pub(crate) fn shared_tags(&self) -> Arc<[Arc<str>]> {
        self.tags.clone().unwrap_or_default()
    }

    pub(crate) fn tags(&self) -> &[Arc<str>] {
        self.tags.as_deref().unwrap_or_default()
    }

    /// From the moment of storing until it is expired.
    pub(crate) fn lifetime(&self) -> Duration {
        let stale = self.while_revalidate.max(self.if_error);
        self.ttl.saturating_add(stale)
    }

    /// The same, with `age` of its times gone by.
    pub(crate) fn shortened(mut self, age: Duration) -> Self {
        let beyond = age.saturating_sub(self.ttl);
        self.ttl = self.ttl.saturating_sub(age);
        self.while_revalidate = self.while_revalidate.saturating_sub(beyond);
        self.if_error = self.if_error.saturating_sub(beyond);
        self
    }
}
