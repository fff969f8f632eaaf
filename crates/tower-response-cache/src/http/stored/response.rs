use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tokio::time::Instant;

use super::fields::{Fields, SHARED};
use crate::http::{body::HttpCacheBody, forwarded::Call, rules::Lifetime};
use crate::policy::{CacheStatus, CacheStatusHeader, Keep};

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
    /// The call that brought it, or that found it unchanged.
    call: Call,
    /// The status of the last call for a newer one that failed; 0 if none did.
    failed_with: AtomicU16,
}

impl StoredResponse {
    pub(crate) fn new(
        status: StatusCode,
        headers: &HeaderMap,
        (body, trailers): (Bytes, Option<&HeaderMap>),
        (lifetime, arrived): (Lifetime, Instant),
        call: Call,
    ) -> Self {
        Self {
            status,
            headers: Fields::of(headers),
            body,
            trailers: trailers.map(Fields::of),
            lifetime,
            arrived,
            call,
            failed_with: AtomicU16::new(0),
        }
    }

    /// The same whole response, with the fields of a 304, that is good for `lifetime` from now on.
    pub(crate) fn confirmed(&self, headers: &HeaderMap, lifetime: Lifetime, call: Call) -> Self {
        let trailers = self.trailers.as_ref().map(Fields::to_map);
        let whole = (self.body.clone(), trailers.as_ref());
        Self::new(
            self.status,
            headers,
            whole,
            (lifetime, Instant::now()),
            call,
        )
    }

    /// What callers get that waited for a call which failed: its status, and nothing that may be for the
    /// caller who made it.
    pub(crate) fn failure(
        status: StatusCode,
        retry_after: Option<&HeaderValue>,
        call: Call,
    ) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(header::RETRY_AFTER, value.clone());
        }
        // It is not stored. It is not stale either, or those who wait could not share it.
        let lifetime = Lifetime {
            ttl: Duration::MAX,
            ..Lifetime::NONE
        };
        let times = (lifetime, Instant::now());
        Self::new(status, &headers, (Bytes::new(), None), times, call)
    }

    /// How it is kept from now on.
    pub(crate) fn keep(&self, weight: usize) -> Keep {
        let Lifetime {
            ttl,
            while_revalidate,
            if_error,
            if_unchanged,
            ..
        } = self.lifetime;
        // While it is only good for a failure, or if it is unchanged, the cache has it and gives it to
        // nobody by itself.
        let mut keep = Keep::new(ttl)
            .stale_while_revalidate(while_revalidate)
            .stale_if_error(if_error.max(if_unchanged))
            .weight(weight as u64);
        keep.stale_at_once = true;
        // Its life began when it arrived, and its body may have taken a while since.
        keep.shortened(self.arrived.elapsed())
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

    /// How long it has been stale.
    fn staleness(&self) -> Duration {
        self.arrived.elapsed().saturating_sub(self.lifetime.ttl)
    }

    /// Whether a caller may have it that takes it stale for `most`.
    pub(crate) fn may_be_stale(&self, most: Duration) -> bool {
        !self.lifetime.never_stale && self.staleness() <= most
    }

    /// Whether it may take the place of a failure.
    pub(crate) fn is_better_than_a_failure(&self) -> bool {
        !self.stays_fresh().is_zero() || self.staleness() < self.lifetime.if_error
    }

    /// Whether each request has to ask the origin, so that nobody can share the answer to another one.
    pub(crate) fn is_asked_for_each_time(&self) -> bool {
        self.lifetime.ttl.is_zero() && self.lifetime.while_revalidate.is_zero()
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.to_map()
    }

    /// Its fields, with those of a 304: RFC 9111, section 3.2.
    pub(crate) fn updated_headers(&self, told: &HeaderMap) -> HeaderMap {
        self.headers.updated(told)
    }

    /// Notes that a call for a newer one failed.
    pub(crate) fn note_failure(&self, status: u16) {
        // It orders nothing: it is told beside the answer.
        self.failed_with.store(status, Ordering::Relaxed);
    }

    /// The response for the caller whose call confirmed it, who is told of that by others.
    pub(crate) fn of_call<B: http_body::Body>(&self) -> Response<HttpCacheBody<B>> {
        let trailers = self.trailers.as_ref().map(Fields::to_map);
        let mut res = Response::new(HttpCacheBody::whole(self.body.clone(), trailers));
        *res.status_mut() = self.status;
        *res.headers_mut() = self.headers.to_map();
        res
    }

    /// The response for another caller, with its age and with `status` for the cache called `name`.
    pub(crate) fn response<B: http_body::Body>(
        &self,
        name: &str,
        status: CacheStatus,
    ) -> Response<HttpCacheBody<B>> {
        let trailers = self.trailers.as_ref().map(Fields::to_map);
        let body = HttpCacheBody::whole(self.body.clone(), trailers);
        self.with_body(body, name, status)
    }

    /// The same for a HEAD request: it says how long the body is, which it has not.
    pub(crate) fn head_response<B: http_body::Body>(
        &self,
        name: &str,
        status: CacheStatus,
    ) -> Response<HttpCacheBody<B>> {
        let mut res = self.with_body(HttpCacheBody::whole(Bytes::new(), None), name, status);
        let length = HeaderValue::from(self.body.len());
        let has_none = self.status == StatusCode::NO_CONTENT || self.trailers.is_some();
        if !has_none {
            res.headers_mut().insert(header::CONTENT_LENGTH, length);
        }
        res
    }

    fn with_body<B: http_body::Body>(
        &self,
        body: HttpCacheBody<B>,
        name: &str,
        status: CacheStatus,
    ) -> Response<HttpCacheBody<B>> {
        let mut res = Response::new(body);
        *res.status_mut() = self.status;
        *res.headers_mut() = self.headers.to_map();
        let age = HeaderValue::from(self.age().as_secs());
        res.headers_mut().insert(header::AGE, age);
        mark(res.headers_mut(), self.said(name, status));
        res
    }

    fn said<'a>(&self, name: &'a str, status: CacheStatus) -> CacheStatusHeader<'a> {
        match status {
            CacheStatus::Joined => self.call.header(name, true, false),
            CacheStatus::StaleIfError => {
                let header = status.cache_status(name);
                match self.failed_with.load(Ordering::Relaxed) {
                    0 => header,
                    failed => header.fwd_status(failed),
                }
            }
            status => status.cache_status(name),
        }
    }
}

/// Adds how a cache took part. Caches nearer to the origin stand before it.
pub(crate) fn mark(headers: &mut HeaderMap, said: CacheStatusHeader<'_>) {
    let value = HeaderValue::from_str(&said.to_string());
    let value = value.expect("the name is a token");
    headers.append("cache-status", value);
}
