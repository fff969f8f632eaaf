use serde::{Deserialize, Serialize};

use super::error_text;

/// An exception that a stream can carry after it began with status 200.
///
/// `ModelTimeoutException` exists in the stream of `InvokeModelWithResponseStream` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StreamException {
    /// `internalServerException`.
    InternalServer,
    /// `modelStreamErrorException`.
    ModelStreamError,
    /// `modelTimeoutException`.
    ModelTimeout,
    /// `serviceUnavailableException`.
    ServiceUnavailable,
    /// `throttlingException`, the default.
    Throttling,
    /// `validationException`.
    Validation,
}

impl StreamException {
    /// The frame's `:exception-type`, and what the service says.
    pub(crate) fn wire(self) -> (&'static str, &'static str) {
        match self {
            Self::InternalServer => ("internalServerException", error_text::UNEXPECTED),
            Self::ModelStreamError => {
                ("modelStreamErrorException", error_text::MODEL_STREAM_FAILED)
            }
            Self::ModelTimeout => ("modelTimeoutException", error_text::MODEL_TIMED_OUT),
            Self::ServiceUnavailable => ("serviceUnavailableException", error_text::UNAVAILABLE),
            Self::Throttling => ("throttlingException", error_text::TOKENS),
            Self::Validation => ("validationException", error_text::INVALID),
        }
    }
}
