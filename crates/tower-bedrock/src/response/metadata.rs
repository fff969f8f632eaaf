use super::{Head, Origin, Usage};
use bytes::Bytes;
use std::{fmt, num::NonZeroU32};
use tower_response_cache::CacheStatus;

/// How a [`Response`](super::Response) came about, as [`Response::meta`](super::Response::meta)
/// shows it.
///
/// `Debug` shows everything but the HTTP response, which has the answer in it.
#[derive(Clone)]
pub struct ResponseMetadata {
    pub(crate) usage: Option<Usage>,
    pub(crate) saved: Option<Usage>,
    pub(crate) origin: Origin,
    pub(crate) attempts: NonZeroU32,
    pub(crate) cache: Option<CacheStatus>,
    /// The size of the body that Bedrock answered with, or 0 if that is not known.
    pub(crate) body_bytes: u64,
}

impl ResponseMetadata {
    /// Of an answer with this head.
    pub(crate) fn answered(usage: Option<Usage>, head: Head) -> Self {
        Self {
            usage,
            body_bytes: head.body_bytes,
            origin: Origin {
                request_id: head.request_id,
                model_id: None,
                region: None,
                other_model: false,
                raw: head.raw,
            },
            ..Self::default()
        }
    }

    /// Of what another caller paid for: this one is charged nothing.
    pub(crate) fn from_cache(saved: Option<Usage>, origin: Origin, status: CacheStatus) -> Self {
        Self {
            usage: Some(Usage::default()),
            saved,
            origin,
            cache: Some(status),
            ..Self::default()
        }
    }

    /// The tokens this call was charged for: zero when a cache answered, `None` when nobody reported
    /// them. A cached output says in its own `usage` what the call that brought it was charged for.
    ///
    /// For `InvokeModel` they come from the answer's headers, which not every model sends.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// The tokens that a cache saved by answering in Bedrock's place.
    #[must_use]
    pub fn saved(&self) -> Option<Usage> {
        self.saved
    }

    /// Bedrock's id of the request; a cached answer keeps the id of the call that brought it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.origin.request_id.as_deref()
    }

    /// The model, inference profile or ARN that was asked: as the request named it, or what
    /// [`Regions`](crate::Regions) made of that for the Region that answered.
    #[must_use]
    pub fn model_id(&self) -> Option<&str> {
        self.origin.model_id.as_deref()
    }

    /// The AWS Region that was asked, by the name that the stack's [`Regions`](crate::Regions) have for it;
    /// a cached answer keeps that of the call that brought it. `None` where no client told it.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.origin.region.as_deref()
    }

    /// The HTTP response that the output was read from: its status, its body, and those headers
    /// that Bedrock makes or that describe the body. [`wire::response`](crate::wire::response) makes
    /// the same of it.
    ///
    /// `None` unless [`Bedrock::with_raw_responses`](crate::Bedrock::with_raw_responses) asked for it, or the cache of
    /// a [`StackLayer`](crate::StackLayer) needs it for a remote store.
    #[must_use]
    pub fn raw(&self) -> Option<&http::Response<Bytes>> {
        self.origin.raw.as_deref()
    }

    /// How many attempts were made, the first included; one that an open circuit rejected was not.
    /// A call answered by a cache counts as one.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    /// How a cache took part; `None` if there was none.
    #[must_use]
    pub fn cache(&self) -> Option<CacheStatus> {
        self.cache
    }
}

/// Of an answer that one attempt brought and no cache saw.
impl Default for ResponseMetadata {
    fn default() -> Self {
        Self {
            usage: None,
            saved: None,
            origin: Origin::default(),
            attempts: NonZeroU32::MIN,
            cache: None,
            body_bytes: 0,
        }
    }
}

impl fmt::Debug for ResponseMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseMetadata")
            .field("usage", &self.usage)
            .field("saved", &self.saved)
            .field("request_id", &self.origin.request_id)
            .field("model_id", &self.origin.model_id)
            .field("region", &self.origin.region)
            .field("attempts", &self.attempts)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
