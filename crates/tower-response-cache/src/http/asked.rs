use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::Body;

use super::body::HttpCacheBody;
use super::{rules::Demand, stored::HttpKey};
use crate::policy::Lookup;

/// A request, and what the cache is to do for it.
pub(crate) struct Asked<B> {
    pub(super) req: Request<B>,
    pub(super) demand: Demand,
    pub(super) lookup: Lookup<HttpKey>,
    /// The key of a request that goes past the cache only since responses for it are not shared.
    pub(super) unshared: Option<HttpKey>,
}

impl<B> Asked<B> {
    pub(super) fn key(&self) -> Option<&HttpKey> {
        match &self.lookup {
            Lookup::Use(key) | Lookup::Refresh(key) => Some(key),
            Lookup::Bypass => None,
        }
    }
}

/// The condition of a request, which the cache answers.
pub(super) fn condition(asked: &HeaderMap) -> Box<HeaderMap> {
    let mut condition = HeaderMap::new();
    for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
        for value in asked.get_all(&name) {
            condition.append(name.clone(), value.clone());
        }
    }
    Box::new(condition)
}

/// The answer to `only-if-cached` where nothing is stored.
pub(super) fn nothing_stored<B: Body>() -> Response<HttpCacheBody<B>> {
    let mut res = Response::new(HttpCacheBody::whole(bytes::Bytes::new(), None));
    *res.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    res
}

/// A 304 in the place of `res`: without a body, and with the fields that RFC 9110, section 15.4.5, asks for,
/// or that tell how `res` came.
pub(super) fn unchanged<B: Body>(res: &Response<HttpCacheBody<B>>) -> Response<HttpCacheBody<B>> {
    let mut short = Response::new(HttpCacheBody::whole(bytes::Bytes::new(), None));
    *short.status_mut() = StatusCode::NOT_MODIFIED;
    for (name, value) in res.headers() {
        if OF_UNCHANGED.contains(&name.as_str()) {
            short.headers_mut().append(name, value.clone());
        }
    }
    short
}

const OF_UNCHANGED: [&str; 9] = [
    "age",
    "cache-control",
    "cache-status",
    "content-location",
    "date",
    "etag",
    "expires",
    "last-modified",
    "vary",
];
