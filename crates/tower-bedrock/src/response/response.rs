use super::{Head, Origin, Usage};
use bytes::Bytes;
use std::{fmt, num::NonZeroU32, ops::Deref, sync::Arc};
use tower_response_cache::CacheStatus;

/// An SDK output and how it came about. It derefs to the output.
///
/// # Clone
///
/// The output is shared, so a clone copies no answer. `Debug` shows everything but the output.
pub struct Response<O> {
    output: Arc<O>,
    usage: Option<Usage>,
    saved: Option<Usage>,
    origin: Origin,
    attempts: NonZeroU32,
    cache: Option<CacheStatus>,
    body_bytes: u64,
}

impl<O> Response<O> {
    /// A response that one attempt brought and no cache saw, as a mock service would answer with.
    #[must_use]
    pub fn new(output: O) -> Self {
        Self::shared(Arc::new(output))
    }

    pub(crate) fn shared(output: Arc<O>) -> Self {
        Self {
            output,
            usage: None,
            saved: None,
            origin: Origin::default(),
            attempts: NonZeroU32::MIN,
            cache: None,
            body_bytes: 0,
        }
    }

    pub(crate) fn answered(output: O, usage: Option<Usage>, head: Head) -> Self {
        Self {
            usage,
            body_bytes: head.body_bytes,
            origin: Origin {
                request_id: head.request_id,
                model_id: None,
                raw: head.raw,
            },
            ..Self::new(output)
        }
    }

    /// The size of the body that Bedrock answered with, or 0 if that is not known.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Sets what [`usage`](Self::usage) answers.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Sets what [`request_id`](Self::request_id) answers.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<Arc<str>>) -> Self {
        self.origin.request_id = Some(request_id.into());
        self
    }

    /// Sets what [`model_id`](Self::model_id) answers.
    #[must_use]
    pub fn with_model_id(mut self, model_id: impl Into<Arc<str>>) -> Self {
        self.origin.model_id = Some(model_id.into());
        self
    }

    /// Sets what [`saved`](Self::saved) answers.
    #[must_use]
    pub fn with_saved(mut self, usage: Usage) -> Self {
        self.saved = Some(usage);
        self
    }

    /// Sets what [`attempts`](Self::attempts) answers.
    #[must_use]
    pub fn with_attempts(mut self, attempts: NonZeroU32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets what [`cache`](Self::cache) answers.
    #[must_use]
    pub fn with_cache(mut self, status: CacheStatus) -> Self {
        self.cache = Some(status);
        self
    }

    /// The SDK output.
    #[must_use]
    pub fn output(&self) -> &O {
        &self.output
    }

    /// The SDK output, copied only if a clone or a cache still holds it.
    #[must_use]
    pub fn into_output(self) -> O
    where
        O: Clone,
    {
        Arc::unwrap_or_clone(self.output)
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

    /// The model, inference profile or ARN that was asked, as the request named it.
    #[must_use]
    pub fn model_id(&self) -> Option<&str> {
        self.origin.model_id.as_deref()
    }

    /// The HTTP response that the output was read from: its status, its body, and those headers
    /// that Bedrock makes or that describe the body. [`wire::response`](crate::wire::response) makes
    /// the same of it.
    ///
    /// `None` unless [`Bedrock::with_raw_responses`](crate::Bedrock::with_raw_responses) asked for it.
    #[must_use]
    pub fn raw(&self) -> Option<&http::Response<Bytes>> {
        self.origin.raw.as_deref()
    }

    /// How many attempts were made, the first included; one that an open circuit rejected counts.
    /// A call answered by a cache made one.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    /// How a cache took part; `None` if there was none.
    #[must_use]
    pub fn cache(&self) -> Option<CacheStatus> {
        self.cache
    }

    pub(crate) fn set_attempts(&mut self, attempts: u32) {
        self.attempts = NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN);
    }

    pub(crate) fn set_cache(&mut self, status: CacheStatus) {
        self.cache = Some(status);
    }

    pub(crate) fn output_shared(&self) -> Arc<O> {
        Arc::clone(&self.output)
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn origin_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }

    /// What the first caller paid for, given to another one that pays nothing.
    pub(crate) fn from_cache(
        output: Arc<O>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
    ) -> Self {
        Self {
            usage: Some(Usage::default()),
            saved,
            origin,
            cache: Some(status),
            ..Self::shared(output)
        }
    }
}

impl<O> From<O> for Response<O> {
    fn from(output: O) -> Self {
        Self::new(output)
    }
}

impl<O> Deref for Response<O> {
    type Target = O;

    fn deref(&self) -> &O {
        &self.output
    }
}

impl<O> Clone for Response<O> {
    fn clone(&self) -> Self {
        Self {
            output: Arc::clone(&self.output),
            origin: self.origin.clone(),
            ..*self
        }
    }
}

impl<O> fmt::Debug for Response<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("usage", &self.usage)
            .field("saved", &self.saved)
            .field("request_id", &self.origin.request_id)
            .field("model_id", &self.origin.model_id)
            .field("attempts", &self.attempts)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
