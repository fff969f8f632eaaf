use std::fmt;
#[cfg(test)]
use std::iter::successors;

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
    ///
    /// [What to do](crate::docs::errors::throttled).
    Throttled,
    /// A limit per day, or an account limit that waiting a minute does not lift.
    ///
    /// [What to do](crate::docs::errors::exhausted).
    Exhausted,
    /// The service is short of capacity, whatever the caller's own quota.
    ///
    /// [What to do](crate::docs::errors::capacity).
    Capacity,
    /// A fault that is likely gone on the next attempt: a server error, a broken connection.
    ///
    /// [What to do](crate::docs::errors::transient).
    Transient,
    /// Time ran out for the model, for the connection or for an attempt.
    ///
    /// [What to do](crate::docs::errors::timeout).
    Timeout,
    /// A stream broke off after its first event: what came of it is a part of the answer. It is never
    /// retried behind the back of whoever has read that.
    ///
    /// [What to do](crate::docs::errors::truncated).
    Truncated,
    /// The request's own deadline passed, which says nothing about the service. Never retried.
    ///
    /// [What to do](crate::docs::errors::deadline_exceeded).
    DeadlineExceeded,
    /// The caller's fault, the request's or the client's configuration: it fails the same way for
    /// ever. Never retried.
    ///
    /// [What to do](crate::docs::errors::invalid).
    Invalid,
    /// Credentials are missing, expired, or do not allow the call. Never retried.
    ///
    /// [What to do](crate::docs::errors::access_denied).
    AccessDenied,
    /// A circuit breaker answered in the service's place, after failures. One that a used-up limit
    /// opened answers [`Exhausted`](Self::Exhausted).
    ///
    /// [What to do](crate::docs::errors::circuit_open).
    CircuitOpen,
    /// The request asked for a cached answer only, and there is none. Never retried.
    ///
    /// [What to do](crate::docs::errors::not_cached).
    NotCached,
    /// A quota layer would not let the call wait.
    ///
    /// [What to do](crate::docs::errors::quota_rejected).
    QuotaRejected,
    /// The quota layer was [closed](crate::stack::Handle::close): this process is about to end. Never
    /// retried here; another process may have room.
    Closed,
    /// None of the above.
    ///
    /// [What to do](crate::docs::errors::other).
    Other,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ErrorKind {
    /// How many kinds there are.
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    pub(crate) const COUNT: usize = Self::Other as usize + 1;

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
            Self::Closed => "closed",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
impl ErrorKind {
    /// Each kind leads to the next one: a new kind does not compile before it has its place here, and
    /// then the tables and pages have to have it too.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        successors(Some(Self::Throttled), |kind| match kind {
            Self::Throttled => Some(Self::Exhausted),
            Self::Exhausted => Some(Self::Capacity),
            Self::Capacity => Some(Self::Transient),
            Self::Transient => Some(Self::Timeout),
            Self::Timeout => Some(Self::Truncated),
            Self::Truncated => Some(Self::DeadlineExceeded),
            Self::DeadlineExceeded => Some(Self::Invalid),
            Self::Invalid => Some(Self::AccessDenied),
            Self::AccessDenied => Some(Self::CircuitOpen),
            Self::CircuitOpen => Some(Self::NotCached),
            Self::NotCached => Some(Self::QuotaRejected),
            Self::QuotaRejected => Some(Self::Closed),
            Self::Closed => Some(Self::Other),
            Self::Other => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    #[test]
    fn each_kind_has_a_page_that_says_what_to_do() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let table = fs::read_to_string(docs.join("errors.md")).unwrap();
        let shown = include_str!("../docs/errors.rs");
        for kind in ErrorKind::all() {
            let file = format!("errors/{}.md", kind.as_str().replace('_', "-"));
            let page = fs::read_to_string(docs.join(&file)).expect(&file);
            assert!(page.starts_with(&format!("# `{kind:?}`\n")), "{file}");
            assert!(page.contains("**What to do**"), "{file}");
            assert!(
                table.contains(&format!("]: {file}\n")),
                "the table links to {file}"
            );
            assert!(shown.contains(&file), "rustdoc shows {file}");
        }
    }
}
