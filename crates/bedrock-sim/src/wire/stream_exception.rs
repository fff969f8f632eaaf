use serde::{Deserialize, Serialize};

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
            Self::InternalServer => (
                "internalServerException",
                "The system encountered an unexpected error during processing. Try your request again.",
            ),
            Self::ModelStreamError => (
                "modelStreamErrorException",
                "The model encountered an error while streaming the response.",
            ),
            Self::ModelTimeout => (
                "modelTimeoutException",
                "Model has timed out in processing the request. Try your request again.",
            ),
            Self::ServiceUnavailable => (
                "serviceUnavailableException",
                "Bedrock is unable to process your request.",
            ),
            Self::Throttling => (
                "throttlingException",
                "Too many tokens, please wait before trying again.",
            ),
            Self::Validation => (
                "validationException",
                "The input fails to satisfy the constraints specified by the service.",
            ),
        }
    }
}
