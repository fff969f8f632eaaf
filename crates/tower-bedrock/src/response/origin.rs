use bytes::Bytes;
use std::sync::Arc;

/// Where a response comes from: the same for its first caller and for those that a cache answers.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) model_id: Option<Arc<str>>,
    pub(crate) raw: Option<Arc<http::Response<Bytes>>>,
}
