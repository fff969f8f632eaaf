use std::fmt;

/// What went wrong, as far as it decides what to do next.
///
/// Bedrock's code decides, then the HTTP status; the message only tells a daily limit, and a model that
/// is overloaded, from a limit per minute. Which code belongs where is tabled in the [guide to errors](crate::docs::errors).
// Retries, circuit, quota and cache each match on it without a catch-all: a new kind does not
// compile before each of them has said what it means there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A limit per minute was hit: the call fits again within a minute or so.
    Throttled,
    /// A limit per day, or an account limit that waiting a minute does not lift.
    Exhausted,
    /// The service is short of capacity, whatever the caller's own quota.
    Capacity,
    /// A fault that is likely gone on the next attempt: a server error, a broken connection.
    Transient,
    /// Time ran out for the model, for the connection or for an attempt.
    Timeout,
    /// A stream broke off after its first event: what came of it is a part of the answer. It is never
    /// retried behind the back of whoever has read that.
    Truncated,
    /// The request's own deadline passed, which says nothing about the service. Never retried.
    DeadlineExceeded,
    /// The caller's fault, the request's or the client's configuration: it fails the same way for
    /// ever. Never retried.
    Invalid,
    /// Credentials are missing, expired, or do not allow the call. Never retried.
    AccessDenied,
    /// A circuit breaker answered in the service's place, after failures. One that a used-up limit
    /// opened answers [`Exhausted`](Self::Exhausted).
    CircuitOpen,
    /// The request asked for a cached answer only, and there is none. Never retried.
    NotCached,
    /// A quota layer would not let the call wait.
    QuotaRejected,
    /// None of the above.
    Other,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ErrorKind {
    /// The kind's name in `snake_case`, for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Exhausted => "exhausted",
            Self::Capacity => "capacity",
            Self::Transient => "transient",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Invalid => "invalid",
            Self::AccessDenied => "access_denied",
            Self::CircuitOpen => "circuit_open",
            Self::NotCached => "not_cached",
            Self::QuotaRejected => "quota_rejected",
            Self::Other => "other",
        }
    }
}
