//! What a caller wants done about one request.

use super::{Attempts, CacheUse, Conversation, Priority, customized::Customized};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::time::Instant;

/// The options of a [`Request`](crate::Request), as the layers read them.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub(crate) deadline: Option<Instant>,
    pub(crate) whole_stream: bool,
    pub(crate) start_by: Option<Instant>,
    /// Whether the caller set that, and not a layer for all.
    pub(crate) has_own_max_wait: bool,
    pub(crate) tenant: Option<Arc<str>>,
    pub(crate) cache: Option<CacheUse>,
    pub(crate) cache_for: Option<Duration>,
    pub(crate) priority: Priority,
    pub(crate) max_attempts: Option<NonZeroU32>,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) count_tokens: bool,
    pub(crate) stands_for: Option<Arc<str>>,
    /// Where the request is to be sent; of one that is sent already, where it was.
    pub(crate) region: Option<Arc<str>>,
    /// Which model is asked in the place of the input's.
    pub(crate) model: Option<Arc<str>>,
    pub(crate) conversation: Option<Conversation>,
    /// What comes of the call, where somebody wants to know.
    pub(crate) attempts: Option<Arc<Attempts>>,
    pub(crate) customized: Option<Customized>,
    /// Whether the HTTP response is to come along with the answer.
    pub(crate) raw: bool,
}

impl Options {
    /// When to give up, if ever.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// When the last attempt has to start, if ever: what is left of
    /// [`max_wait`](crate::Request::max_wait), the request's or the stack's.
    #[must_use]
    pub fn start_by(&self) -> Option<Instant> {
        self.start_by
    }

    /// Whether the deadline holds for a stream up to its end.
    #[must_use]
    pub fn whole_stream(&self) -> bool {
        self.whole_stream
    }

    /// Whose request it is, if anyone's.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// How a cache may take part.
    #[must_use]
    pub fn cache(&self) -> CacheUse {
        self.cache.unwrap_or(match self.customized {
            Some(_) => CacheUse::Bypass,
            None => CacheUse::Use,
        })
    }

    pub(crate) const fn customized(&self) -> Option<&Customized> {
        self.customized.as_ref()
    }

    /// How long a cache may answer with what comes of the request; `None` for the cache's own time.
    #[must_use]
    pub fn cache_for(&self) -> Option<Duration> {
        self.cache_for
    }

    /// Whose turn comes first where calls queue.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// How many attempts a retry layer may make, the first included; `None` for the layer's own.
    #[must_use]
    pub fn max_attempts(&self) -> Option<NonZeroU32> {
        self.max_attempts
    }

    /// How many input tokens the request has, if that was counted.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        self.input_tokens
    }

    /// Whether to have the input tokens counted.
    #[must_use]
    pub fn count_tokens(&self) -> bool {
        self.count_tokens
    }

    /// The Region that the request is sent to, if somebody said so: the caller, or inside a stack the
    /// [`Regions`](crate::Regions)' choice.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The model that is asked in the place of the one in the input, if that is another one: what a
    /// stack's [`Regions`](crate::Regions) make of it for a Region.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Where the request is sent to, for those whose calls go to `own` unless it says otherwise.
    pub(crate) fn region_or<'a>(&'a self, own: &'a Arc<str>) -> &'a Arc<str> {
        self.region.as_ref().unwrap_or(own)
    }

    /// Which calls have the beginning of their prompts in common with this one, if that was told.
    pub(crate) const fn conversation(&self) -> Option<Conversation> {
        self.conversation
    }

    /// Which model or system profile the request's ARN stands for, if that was told.
    #[must_use]
    pub fn stands_for(&self) -> Option<&str> {
        self.stands_for.as_deref()
    }
}
