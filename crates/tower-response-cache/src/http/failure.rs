use http::Response;
use http_body::Body;

use super::body::HttpCacheBody;

/// Why a call brought no answer that is to be preferred to an older one.
pub(crate) enum Failure<E, B: Body> {
    /// The inner service failed.
    Error(E),
    /// The inner service answered with a server error. To the cache that is an error, and to the caller
    /// an answer.
    Response(Box<Response<HttpCacheBody<B>>>),
}
