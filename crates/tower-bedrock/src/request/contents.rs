use crate::{
    estimate::Estimate,
    operation::Operation,
    wire::{self, EncodeError},
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::sync::{Arc, OnceLock};

/// A request's input, and what is made of it once however many layers, clones and attempts ask: the
/// bytes to send and the estimate of its tokens.
pub(super) struct Contents<I> {
    input: I,
    /// With what the SDK added at the first attempt, where further ones must have it too. A box, for
    /// hardly any operation has one.
    completed: OnceLock<Box<I>>,
    encoded: OnceLock<Result<Arc<HttpRequest>, EncodeError>>,
    /// Beside it the model that the request stood for then: where the input's limit is depends on it.
    estimate: OnceLock<(Option<Arc<str>>, Estimate)>,
}

impl<I> Contents<I> {
    pub(super) const fn new(input: I) -> Self {
        Self {
            input,
            completed: OnceLock::new(),
            encoded: OnceLock::new(),
            estimate: OnceLock::new(),
        }
    }

    pub(super) const fn input(&self) -> &I {
        &self.input
    }

    /// The input for one more attempt.
    pub(super) fn for_attempt(&self) -> &I {
        self.completed.get().map_or(&self.input, Box::as_ref)
    }

    pub(super) fn into_input(self) -> I {
        self.input
    }
}

impl<I: Operation> Contents<I> {
    /// Notes what the SDK added to the input that is `sent`.
    pub(super) fn complete(&self, sent: &I) {
        if let Some(completed) = self.input.completed(sent) {
            self.completed.get_or_init(|| Box::new(completed));
        }
    }

    /// The HTTP request of the input, made at the first call.
    pub(super) fn encoded(&self) -> Result<&Arc<HttpRequest>, EncodeError> {
        // The SDK's serializer wants an input for itself, so this one is copied for that time.
        let encode = || wire::serialize(self.input.clone()).map(Arc::new);
        self.encoded
            .get_or_init(encode)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The same for whoever is the last to ask: nothing is copied.
    pub(super) fn into_encoded(self) -> Result<Arc<HttpRequest>, EncodeError> {
        let Self { input, encoded, .. } = self;
        encoded
            .into_inner()
            .unwrap_or_else(|| wire::serialize(input).map(Arc::new))
    }

    pub(super) fn estimate(&self, model: &str, stands_for: Option<&Arc<str>>) -> Estimate {
        let make = || (stands_for.cloned(), self.input.estimate(model));
        let (made_for, estimate) = self.estimate.get_or_init(make);
        if made_for.as_ref() == stands_for {
            *estimate
        } else {
            self.input.estimate(model)
        }
    }
}
