use super::{Head, Origin, ResponseMetadata, Usage};
use std::{fmt, num::NonZeroU32, ops::Deref, sync::Arc};
use tower_response_cache::CacheStatus;

/// An SDK output, and in [`meta`](Self::meta) how it came about.
///
/// It derefs to the output. `meta` is its only public method that takes `&self`, so that it hides
/// none of the output's own: code that reads an SDK output reads this as well.
///
/// # Clone
///
/// The output is shared, so a clone copies no answer. `Debug` shows everything but the output.
pub struct Response<O> {
    pub(super) output: Arc<O>,
    pub(super) meta: ResponseMetadata,
}

impl<O> Response<O> {
    /// A response that one attempt brought and no cache saw, as a mock service would answer with.
    #[must_use]
    pub fn new(output: O) -> Self {
        Self {
            output: Arc::new(output),
            meta: ResponseMetadata::default(),
        }
    }

    pub(crate) fn answered(output: O, usage: Option<Usage>, head: Head) -> Self {
        Self {
            output: Arc::new(output),
            meta: ResponseMetadata::answered(usage, head),
        }
    }

    pub(crate) fn from_parts(output: O, meta: ResponseMetadata) -> Self {
        Self {
            output: Arc::new(output),
            meta,
        }
    }

    /// What another caller paid for: this one is charged nothing.
    pub(super) fn from_cache(
        output: Arc<O>,
        saved: Option<Usage>,
        origin: Origin,
        status: CacheStatus,
    ) -> Self {
        let meta = ResponseMetadata::from_cache(saved, origin, status);
        Self { output, meta }
    }

    /// How the output came about: usage, attempts, what a cache did, and more.
    #[must_use]
    pub fn meta(&self) -> &ResponseMetadata {
        &self.meta
    }

    /// The SDK output, copied only if a clone or a cache still holds it.
    #[must_use]
    pub fn into_output(self) -> O
    where
        O: Clone,
    {
        Arc::unwrap_or_clone(self.output)
    }

    /// Sets what [`ResponseMetadata::usage`] answers.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.meta.usage = Some(usage);
        self
    }

    /// Sets what [`ResponseMetadata::request_id`] answers.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<Arc<str>>) -> Self {
        self.meta.origin.request_id = Some(request_id.into());
        self
    }

    /// Sets what [`ResponseMetadata::model_id`] answers.
    #[must_use]
    pub fn with_model_id(mut self, model_id: impl Into<Arc<str>>) -> Self {
        self.meta.origin.model_id = Some(model_id.into());
        self
    }

    /// Sets what [`ResponseMetadata::region`] answers.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<Arc<str>>) -> Self {
        self.meta.origin.region = Some(region.into());
        self
    }

    /// Sets what [`ResponseMetadata::saved`] answers.
    #[must_use]
    pub fn with_saved(mut self, usage: Usage) -> Self {
        self.meta.saved = Some(usage);
        self
    }

    /// Sets what [`ResponseMetadata::attempts`] answers.
    #[must_use]
    pub fn with_attempts(mut self, attempts: NonZeroU32) -> Self {
        self.meta.attempts = attempts;
        self
    }

    /// Sets what [`ResponseMetadata::cache`] answers.
    #[must_use]
    pub fn with_cache(mut self, status: CacheStatus) -> Self {
        self.meta.cache = Some(status);
        self
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
            meta: self.meta.clone(),
        }
    }
}

impl<O> fmt::Debug for Response<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
