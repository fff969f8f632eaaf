use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, header, response::Parts};
use http_body::Body;
use tokio::time::Instant;

use super::collect::Collect;
use crate::http::answer::{Answer, Kept};
use crate::http::stored::{HttpKey, StoredResponse};
use crate::http::{body::HttpCacheBody, forwarded::Call, rules::Lifetime};

/// A response that may be kept, whose body is being read.
pub(super) struct Collecting<B> {
    pub(super) parts: Parts,
    pub(super) collect: Collect<B>,
    pub(super) lifetime: Lifetime,
    pub(super) arrived: Instant,
    pub(super) call: Call,
}

impl<B: Body> Collecting<B> {
    /// The answer if it is not kept.
    pub(super) fn alone(self, body: HttpCacheBody<B>) -> Answer<B> {
        Answer::alone(Response::from_parts(self.parts, body), self.call)
    }

    /// The answer, once the body is there.
    pub(super) fn whole(
        self,
        key: &HttpKey,
        body: Bytes,
        trailers: Option<HeaderMap>,
    ) -> Answer<B> {
        let Self { parts, call, .. } = self;
        let complete = is_complete(&parts, key, body.len());
        let kept = complete.then(|| {
            let times = (self.lifetime, self.arrived);
            let whole = (body.clone(), trailers.as_ref());
            kept(
                key,
                StoredResponse::new(parts.status, &parts.headers, whole, times, call),
            )
        });
        let res = Response::from_parts(parts, HttpCacheBody::whole(body, trailers));
        let mut answer = Answer::alone(res, call);
        answer.kept = kept.flatten();
        answer
    }
}

/// How a response is kept, if there is time left for it.
pub(super) fn kept(key: &HttpKey, stored: StoredResponse) -> Option<Kept> {
    let keep = stored.keep(stored.weight() + key.weight());
    keep.is_for_use().then(|| Kept {
        keep,
        stored: Arc::new(stored),
    })
}

/// Whether a body is as long as the response says. RFC 9111, section 3.3: an incomplete one is not kept.
fn is_complete(parts: &Parts, key: &HttpKey, len: usize) -> bool {
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    key.is_of_head() || length.is_none_or(|length| length == len)
}
