use http::Response;
use http_body::Body;

use super::{body::HttpCacheBody, forwarded::Call};

/// Why a call brought nothing that is newer than what is stored.
pub(crate) struct Failure<E, B: Body> {
    pub(super) kind: FailureKind<E, B>,
    /// Whether an older answer that is stored is better.
    pub(super) stale_is_better: bool,
    pub(super) call: Call,
}

pub(crate) enum FailureKind<E, B: Body> {
    /// The inner service failed.
    Error(E),
    /// The inner service says that it is down. To the cache that is an error, and to the caller an answer.
    Down(Box<Response<HttpCacheBody<B>>>),
    /// The inner service refused this request, such as with a 429.
    Refused(Box<Response<HttpCacheBody<B>>>),
}
