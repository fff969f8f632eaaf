use http::Response;
use http_body::Body;

use super::body::HttpCacheBody;

/// Why a call brought nothing that is newer than what is stored.
pub(crate) enum Failure<E, B: Body> {
    /// The inner service failed.
    Error(E),
    /// The inner service answered with something else than what was asked for, such as a 503 or a 429. To
    /// the cache that is an error, and to the caller an answer.
    Response {
        res: Box<Response<HttpCacheBody<B>>>,
        /// Whether an older answer is better.
        stale_is_better: bool,
    },
}
