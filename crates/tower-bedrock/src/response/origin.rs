use bytes::Bytes;
use std::{fmt, sync::Arc};

/// Where a response comes from: the same for its first caller and for those that a cache answers.
#[derive(Clone, Default)]
pub struct Origin {
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) model_id: Option<Arc<str>>,
    /// Where the call was sent, as far as an error that comes later tells it.
    pub(crate) region: Option<Arc<str>>,
    pub(crate) raw: Option<Arc<http::Response<Bytes>>>,
}

/// Without the HTTP response, which has the answer in it.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("request_id", &self.request_id)
            .field("model_id", &self.model_id)
            .finish_non_exhaustive()
    }
}
