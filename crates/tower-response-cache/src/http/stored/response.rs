use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tokio::time::Instant;

use super::fields::{Fields, SHARED};
use crate::http::{body::HttpCacheBody, rules::Lifetime};
use crate::policy::CacheStatus;

/// What the cache has for a key, or tells the callers that joined a flight.
pub(crate) type Stored = Arc<StoredResponse>;

/// A whole response.
pub(crate) struct StoredResponse {
    status: StatusCode,
    headers: Fields,
    body: Bytes,
    trailers: Option<Fields>,
    lifetime: Lifetime,
    arrived: Instant,
}

impl StoredResponse {
    pub(crate) fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: Bytes,
        trailers: Option<&HeaderMap>,
        (lifetime, arrived): (Lifetime, Instant),
    ) -> Self {
        Self {
            status,
            headers: Fields::of(headers),
            body,
            trailers: trailers.map(Fields::of),
            lifetime,
            arrived,
        }
    }

    /// What it has on the heap, itself included: bytes.
    pub(crate) fn weight(&self) -> usize {
        let trailers = self.trailers.as_ref().map_or(0, Fields::weight);
        size_of::<Self>() + self.headers.weight() + self.body.len() + SHARED + trailers
    }

    /// How old it is now: RFC 9111, section 4.2.3.
    pub(crate) fn age(&self) -> Duration {
        self.lifetime.age.saturating_add(self.arrived.elapsed())
    }

    /// How long it stays fresh from now on.
    pub(crate) fn stays_fresh(&self) -> Duration {
        self.lifetime.ttl.saturating_sub(self.arrived.elapsed())
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.status == StatusCode::OK
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.to_map()
    }

    /// The response for another caller, with its age and with `status` for the cache called `name`.
    pub(crate) fn response<B: http_body::Body>(
        &self,
        name: &str,
        status: CacheStatus,
    ) -> Response<HttpCacheBody<B>> {
        let trailers = self.trailers.as_ref().map(Fields::to_map);
        let mut res = Response::new(HttpCacheBody::whole(self.body.clone(), trailers));
        *res.status_mut() = self.status;
        *res.headers_mut() = self.headers.to_map();
        let age = HeaderValue::from(self.age().as_secs());
        res.headers_mut().insert(header::AGE, age);
        mark(res.headers_mut(), name, status);
        res
    }
}

/// Adds how the cache called `name` took part. Caches nearer to the origin stand before it.
pub(crate) fn mark(headers: &mut HeaderMap, name: &str, status: CacheStatus) {
    let value = HeaderValue::from_str(&status.cache_status(name).to_string());
    let value = value.expect("the name is a token");
    headers.append("cache-status", value);
}
