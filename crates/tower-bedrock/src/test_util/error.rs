//! What a call fails with.

use crate::error::{Error, ErrorKind};
use std::time::Duration;

/// What Bedrock answers where a limit per minute is used up: status 429, `ThrottlingException`.
///
/// It names no wait, as Bedrock seldom does; [`Error::with_retry_after`] adds one.
#[must_use]
pub fn throttled() -> Error {
    error(ErrorKind::Throttled)
}

/// An error of this kind as it comes most often: from Bedrock with its code, status and message, or
/// from a layer with the wait that it asks for.
///
/// Its `with_…` methods change it. [`Error::sdk_error`] is `None`; [`wire::response`](crate::wire::response)
/// makes errors that have one.
#[must_use]
pub fn error(kind: ErrorKind) -> Error {
    match kind {
        ErrorKind::Throttled => answered(
            kind,
            429,
            "ThrottlingException",
            "Too many tokens, please wait before trying again.",
        ),
        ErrorKind::Exhausted => answered(
            kind,
            429,
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
        ),
        ErrorKind::Capacity => answered(
            kind,
            503,
            "ServiceUnavailableException",
            "Bedrock is unable to process your request.",
        ),
        ErrorKind::Transient => answered(
            kind,
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
        ErrorKind::Timeout => answered(
            kind,
            408,
            "ModelTimeoutException",
            "The request took too long to process.",
        ),
        ErrorKind::Invalid => answered(
            kind,
            400,
            "ValidationException",
            "The provided model identifier is invalid.",
        ),
        ErrorKind::AccessDenied => answered(
            kind,
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        ErrorKind::Truncated => Error::new(kind, "the stream ended before its message did"),
        ErrorKind::DeadlineExceeded => Error::refusal(kind, "the request's deadline passed"),
        ErrorKind::CircuitOpen => Error::refusal(kind, "circuit is open; retry after 2s")
            .with_retry_after(Duration::from_secs(2)),
        ErrorKind::NotCached => Error::refusal(
            kind,
            "no answer is cached, and the request asked for no other",
        ),
        ErrorKind::QuotaRejected => Error::refusal(kind, "the quota is used up; retry after 30s")
            .with_retry_after(Duration::from_secs(30)),
        ErrorKind::Closed => Error::refusal(kind, "the quota is closed; retry after 30s")
            .with_retry_after(Duration::from_secs(30)),
        ErrorKind::Other => Error::new(kind, "an error that is of no other kind"),
    }
}

fn answered(kind: ErrorKind, status: u16, code: &str, message: &str) -> Error {
    Error::new(kind, message)
        .with_status(status)
        .with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::codes::kind_of_answer;

    #[test]
    fn an_error_is_of_the_kind_that_its_code_stands_for() {
        for kind in ErrorKind::all() {
            let error = error(kind);
            assert_eq!(error.kind(), kind);
            if let Some(status) = error.status() {
                let told = kind_of_answer(error.code(), error.message(), status);
                assert_eq!(told, kind, "{error}");
            }
        }
    }
}
