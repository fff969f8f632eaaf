use crate::heap::{COUNTS, Heap, shared_bytes};
use bytes::Bytes;
use std::{fmt, sync::Arc};

/// Where a response comes from: the same for its first caller and for those that a cache answers.
#[derive(Clone, Default)]
pub struct Origin {
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) model_id: Option<Arc<str>>,
    /// Where the call was sent.
    pub(crate) region: Option<Arc<str>>,
    /// Whether another model answered than the one that was asked, so that no cache may keep it.
    pub(crate) other_model: bool,
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

/// The name of the Region is the client's.
impl Heap for Origin {
    fn heap(&self) -> usize {
        self.request_id.heap()
            + self.model_id.heap()
            + self.raw.as_deref().map_or(0, |raw| COUNTS + response(raw))
    }
}

/// What one field takes in the tables of `http`, with its place among the hashes: bytes.
const FIELD: usize = 112;

fn response(raw: &http::Response<Bytes>) -> usize {
    let fields = raw.headers().iter().map(|(name, value)| {
        // The names that `http` knows have no bytes of their own.
        shared_bytes(name.as_str().len()) + shared_bytes(value.len())
    });
    size_of_val(raw)
        + shared_bytes(raw.body().len())
        + raw.headers().capacity() * FIELD
        + fields.sum::<usize>()
}
