use super::key::CacheKey;
use std::{sync::Arc, time::Duration};

/// What [`CachePolicy`](super::CachePolicy) remembers of a request until its answer comes.
#[derive(Debug, Clone)]
pub struct CacheContext {
    /// It brought a deadline, a number of attempts or a Region of its own.
    pub(super) own_limits: bool,
    /// It goes to one Region alone, whatever others may do.
    pub(super) is_pinned: bool,
    /// Its answer is not to be kept.
    pub(super) no_store: bool,
    /// The key of a stream that may stand for other answers too.
    pub(super) stream_key: Option<CacheKey>,
    /// It names a draft of a guardrail or of a prompt.
    pub(super) is_under_draft: bool,
    pub(super) ttl: Option<Duration>,
    pub(super) tags: Arc<[Arc<str>]>,
}
