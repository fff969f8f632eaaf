use super::key::CacheKey;
use crate::{model_id::one_name, operation::Operation, request::Request};
use std::{sync::Arc, time::Duration};

/// What [`CachePolicy`](super::CachePolicy) remembers of a request until its answer comes.
#[derive(Debug, Clone)]
pub struct CacheContext {
    /// It brought a deadline or a number of attempts of its own.
    pub(super) own_limits: bool,
    /// Its answer is not to be kept.
    pub(super) no_store: bool,
    /// The key of a stream that may stand for other answers too.
    pub(super) stream_key: Option<CacheKey>,
    /// It names a draft of a guardrail or of a prompt.
    pub(super) is_under_draft: bool,
    pub(super) ttl: Option<Duration>,
    pub(super) tags: Arc<[Arc<str>]>,
}

/// By what an answer to `request` is found again.
pub(super) fn tags<I: Operation>(request: &Request<I>) -> Arc<[Arc<str>]> {
    let model = request.model_id().into_iter();
    let model = model.map(|model| format!("model:{}", one_name(model)));
    let tenant = request.options().tenant.iter();
    let tenant = tenant.map(|tenant| format!("tenant:{tenant}"));
    model.chain(tenant).map(Arc::from).collect()
}
