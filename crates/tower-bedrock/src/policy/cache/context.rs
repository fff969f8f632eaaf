use std::{sync::Arc, time::Duration};

/// What of a request is to be known when its answer comes.
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
