use serde::{Deserialize, Serialize};

use crate::wire::error_text;

/// What happens to a call.
///
/// *Charges nothing* means that the call never reaches the quota. The others are admitted (or
/// throttled) like any call and settled as each of them says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// 429 `ThrottlingException`, "Too many requests, …". Charges nothing.
    Throttling,
    /// `ThrottlingException` with status 400. Charges nothing.
    #[serde(rename = "throttling_400")]
    Throttling400,
    /// 429 `ThrottlingException`, "Too many tokens per day, …". Charges nothing.
    ThrottlingDaily,
    /// 429 `ModelNotReadyException`. Charges nothing.
    ModelNotReady,
    /// 429 without an error type. Charges nothing.
    #[serde(rename = "bare_429")]
    Bare429,
    /// 429 `TooManyRequestsException`. Charges nothing.
    TooManyRequests,
    /// 529 `overloaded_error`, also as the error type. Charges nothing.
    Overloaded,
    /// 503 `ServiceUnavailableException`. Charges nothing.
    ServiceUnavailable,
    /// 500 `InternalServerException`. Charges nothing.
    InternalServer,
    /// 408 `ModelTimeoutException`, after the time the answer takes. Charges the whole answer.
    ModelTimeout,
    /// 424 `ModelErrorException`. Charges the input.
    ModelError,
    /// 424 `ModelStreamErrorException`. Charges the input.
    ModelStreamError,
    /// 400 `ServiceQuotaExceededException`. Charges nothing.
    ServiceQuotaExceeded,
    /// 400 `ValidationException`. Charges nothing.
    Validation,
    /// 403 `AccessDeniedException`. Charges nothing.
    AccessDenied,
    /// 404 `ResourceNotFoundException`. Charges nothing.
    ResourceNotFound,
    /// The connection is reset after the time the answer takes, which is charged whole. With
    /// [`at`](crate::Fault::at): in a stream before that event, charging the output up to there.
    ConnectionReset,
    /// The body comes in pieces (a stream's events, or tenths of a plain body), a pause of
    /// [`delay`](crate::Fault::delay) before each. Charges what it delivers.
    SlowBody,
    /// No answer until the caller gives up, and then the input is charged. With
    /// [`at`](crate::Fault::at): the stream stalls before that event, charging the output up to there.
    Hang,
    /// A stream carries an exception frame in place of event [`at`](crate::Fault::at) (default 1) and
    /// ends. Charges the input and the output up to there.
    StreamException,
    /// A stream ends cleanly before event [`at`](crate::Fault::at) (default 1), without an error. Charges
    /// the input and the output up to there.
    StreamCut,
    /// A stream ends in the middle of event [`at`](crate::Fault::at) (default 1). Charges the input and
    /// the output up to there.
    StreamCutInFrame,
    /// Event [`at`](crate::Fault::at) (default 1) of a stream has a wrong checksum and is the last.
    /// Charges the input and the output up to there.
    StreamCorrupt,
}

impl FaultKind {
    /// Status, code and message of the error it answers with, if it answers with one.
    pub(super) fn error(self) -> Option<(u16, &'static str, &'static str)> {
        Some(match self {
            Self::Throttling => (429, "ThrottlingException", error_text::REQUESTS),
            Self::Throttling400 => (400, "ThrottlingException", error_text::REQUESTS),
            Self::ThrottlingDaily => (429, "ThrottlingException", error_text::TOKENS_PER_DAY),
            Self::ModelNotReady => (429, "ModelNotReadyException", error_text::MODEL_NOT_READY),
            Self::Bare429 => (429, "", "Too Many Requests"),
            Self::TooManyRequests => (429, "TooManyRequestsException", error_text::REQUESTS),
            Self::Overloaded => (529, "overloaded_error", "Overloaded"),
            Self::ServiceUnavailable => {
                (503, "ServiceUnavailableException", error_text::UNAVAILABLE)
            }
            Self::InternalServer => (500, "InternalServerException", error_text::UNEXPECTED),
            Self::ModelTimeout => (408, "ModelTimeoutException", error_text::MODEL_TIMED_OUT),
            Self::ModelError => (424, "ModelErrorException", error_text::MODEL_FAILED),
            Self::ModelStreamError => (
                424,
                "ModelStreamErrorException",
                error_text::MODEL_STREAM_FAILED,
            ),
            Self::ServiceQuotaExceeded => {
                (400, "ServiceQuotaExceededException", error_text::OVER_QUOTA)
            }
            Self::Validation => (400, "ValidationException", error_text::INVALID),
            Self::AccessDenied => (403, "AccessDeniedException", error_text::DENIED),
            Self::ResourceNotFound => (404, "ResourceNotFoundException", error_text::NOT_FOUND),
            Self::ConnectionReset
            | Self::SlowBody
            | Self::Hang
            | Self::StreamException
            | Self::StreamCut
            | Self::StreamCutInFrame
            | Self::StreamCorrupt => return None,
        })
    }
}
