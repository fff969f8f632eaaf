use std::{sync::Arc, time::Duration};

/// What [`CachePolicy`](super::CachePolicy) remembers of a request until its answer comes.
#[derive(Debug, Clone)]
pub struct CacheContext {
    /// It brought a deadline or a number of attempts of its own.
    pub(super) own_limits: bool,
    /// Its answer is not to be kept.
    pub(super) no_store: bool,
    pub(super) ttl: Option<Duration>,
    pub(super) model_id: Option<Arc<str>>,
    pub(super) tenant: Option<Arc<str>>,
}
