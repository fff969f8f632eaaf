//! Which problem is an error to the caller of a server of ours?

use super::Problem;
use crate::error::{Error, ErrorKind};
use http::StatusCode;

/// Where rustdoc shows the guide, with an anchor for each type.
const GUIDE: &str = "https://docs.rs/tower-bedrock/latest/tower_bedrock/docs/errors/index.html#";

/// The name of the type, its status and title, and what to do about it.
type Row = (&'static str, StatusCode, &'static str, &'static str);

const TOO_LARGE: Row = (
    "too_large",
    StatusCode::PAYLOAD_TOO_LARGE,
    "The request is too large",
    "Send a shorter prompt, or ask for a shorter answer.",
);

const INVALID: Row = (
    "invalid",
    StatusCode::BAD_REQUEST,
    "The request is not valid",
    "The model does not take it. Change it; the same one fails again.",
);

const INTERNAL: Row = (
    "internal",
    StatusCode::INTERNAL_SERVER_ERROR,
    "The server is not set up for this request",
    "Trying again does not help; those who run the server have to act.",
);

impl Error {
    /// What an HTTP server tells its caller of this error: a status, when to try again, and fixed words
    /// without internals.
    ///
    /// With the feature `axum` the error is a response by itself.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (name, status, title, detail) = row(self);
        // Whoever is told to wait must gain by it.
        let helps = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let wait = self.retry_after().filter(|_| helps && name != INTERNAL.0);
        Problem {
            type_uri: [GUIDE, name].concat(),
            title,
            status,
            detail,
            retry_after: wait.map(Problem::whole_seconds),
        }
    }
}

fn row(error: &Error) -> Row {
    match error.kind() {
        ErrorKind::Throttled => (
            "throttled",
            StatusCode::TOO_MANY_REQUESTS,
            "The model's limit is reached",
            "Try again in a minute.",
        ),
        ErrorKind::Exhausted => (
            "exhausted",
            StatusCode::TOO_MANY_REQUESTS,
            "The model's limit is used up for long",
            "It may take up to a day; smaller requests may still be answered.",
        ),
        ErrorKind::QuotaRejected if error.is_too_large() => TOO_LARGE,
        ErrorKind::QuotaRejected => (
            "quota_rejected",
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests wait for the model",
            "Try again later, or allow the request more time.",
        ),
        ErrorKind::Capacity => (
            "capacity",
            StatusCode::SERVICE_UNAVAILABLE,
            "The model is overloaded",
            "Try again in a minute.",
        ),
        ErrorKind::CircuitOpen => (
            "circuit_open",
            StatusCode::SERVICE_UNAVAILABLE,
            "The model is out of order",
            "It is being watched; try again later.",
        ),
        ErrorKind::Closed => (
            "closed",
            StatusCode::SERVICE_UNAVAILABLE,
            "The server is about to end",
            "Try again; another one answers.",
        ),
        ErrorKind::Transient => (
            "transient",
            StatusCode::BAD_GATEWAY,
            "The model could not be reached",
            "Try again.",
        ),
        ErrorKind::Truncated => (
            "truncated",
            StatusCode::BAD_GATEWAY,
            "The answer broke off",
            "What came of it is not the whole answer; ask again.",
        ),
        ErrorKind::Other => (
            "other",
            StatusCode::BAD_GATEWAY,
            "The model could not answer",
            "Try again; if it fails the same way, tell those who run the server.",
        ),
        ErrorKind::Timeout => (
            "timeout",
            StatusCode::GATEWAY_TIMEOUT,
            "The model did not answer in time",
            "Try again, or ask for a shorter answer.",
        ),
        ErrorKind::DeadlineExceeded => (
            "deadline_exceeded",
            StatusCode::GATEWAY_TIMEOUT,
            "The request's time is over",
            "Allow it more time, or ask for a shorter answer.",
        ),
        // What RFC 9111 has a cache answer to `only-if-cached`.
        ErrorKind::NotCached => (
            "not_cached",
            StatusCode::GATEWAY_TIMEOUT,
            "No answer is kept",
            "Ask without wanting a kept answer only.",
        ),
        ErrorKind::Invalid => invalid(error),
        // Whose credentials they are is no business of the caller's.
        ErrorKind::AccessDenied => INTERNAL,
    }
}

/// The request's fault is the caller's; the client's and its configuration's is the server's.
fn invalid(error: &Error) -> Row {
    match error.status() {
        Some(400 | 422) => INVALID,
        Some(413) => TOO_LARGE,
        // The SDK could not send it; without the SDK it is a handler's own error.
        None if !error.is_of_sdk() => INVALID,
        _ => INTERNAL,
    }
}
