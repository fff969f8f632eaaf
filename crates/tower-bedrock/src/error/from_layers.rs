//! What the layers of a stack answer with in Bedrock's place.

use super::{Error, ErrorKind};
use std::{sync::Arc, time::Duration};
use tower_backoff::AttemptTimeout;
use tower_circuit_breaker::Open;
use tower_quota::{Cause, Rejected};

impl Error {
    /// Says of a throttle that there was nothing else for `time`. `reserved` is what the call asks for
    /// if that is all that the model can write.
    pub(crate) fn explain_throttles(&mut self, key: &str, time: Duration, reserved: Option<u64>) {
        let said = self.message().unwrap_or_default();
        let smaller = reserved.map_or_else(String::new, |reserved| {
            format!(", or smaller than the {reserved} tokens of a call that sets no max_tokens")
        });
        let message = format!(
            "{said} For {}s all calls of {key} were throttled: its quota is 0{smaller}, or others \
             use it up",
            time.as_secs()
        );
        self.repr_mut().message = Some(message.trim_start().into());
    }

    /// Makes of a throttle the last one.
    pub(crate) fn give_up(&mut self, time: Duration) {
        let repr = self.repr_mut();
        repr.kind = ErrorKind::Exhausted;
        repr.retry_after.get_or_insert(time);
    }

    /// Tells what the last attempt failed with: that there was no other alone says nothing of what is
    /// wrong. It takes the place of the source.
    pub(crate) fn comes_after(&mut self, last: Self) {
        self.repr_mut().source = Some(Arc::new(last));
    }

    /// Whether a layer answered in Bedrock's place, and nothing was sent.
    pub(crate) fn is_refusal(&self) -> bool {
        self.repr.refused
    }

    /// Whether it is one for good, as the call is larger than its quota.
    pub(crate) fn is_too_large(&self) -> bool {
        self.repr.too_large
    }

    pub(crate) fn not_cached(operation: &'static str) -> Self {
        let message = "no answer is cached, and the request asked for no other";
        Self::refusal(ErrorKind::NotCached, message).of(operation)
    }

    /// The deadline passed before an attempt was made.
    pub(crate) fn late(operation: &'static str) -> Self {
        Self::refusal(ErrorKind::DeadlineExceeded, LATE).of(operation)
    }

    /// The deadline passed while the call was under way.
    pub(crate) fn deadline(operation: &'static str) -> Self {
        Self::new(ErrorKind::DeadlineExceeded, LATE).of(operation)
    }

    fn of(mut self, operation: &'static str) -> Self {
        self.repr_mut().operation = Some(operation);
        self
    }

    /// What a layer answers with, and nothing was sent.
    pub(crate) fn refusal(kind: ErrorKind, message: impl Into<Box<str>>) -> Self {
        let mut error = Self::new(kind, message);
        error.repr_mut().refused = true;
        error
    }
}

const LATE: &str = "the request's deadline passed";

impl From<Open> for Error {
    fn from(open: Open) -> Self {
        // Whoever meets a circuit that a limit per day opened is told of the limit: no short wait
        // will do, and retries must not begin.
        let kind = if open.is_exhausted() {
            ErrorKind::Exhausted
        } else {
            ErrorKind::CircuitOpen
        };
        Self::refusal(kind, open.to_string())
            .with_retry_after(open.retry_after())
            .with_source(open)
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        const LOWER: &str = "; set a lower max_tokens: a call reserves its input and max_tokens, or \
                             without that the model's maximum";
        let (kind, advice) = match rejected.cause() {
            Cause::TooLarge { limit, .. } if limit.amount() == 0 => (
                ErrorKind::QuotaRejected,
                "; a quota of 0 admits no call: have AWS raise it, or correct the table of quotas",
            ),
            Cause::TooLarge { .. } | Cause::SeemsTooLarge { .. } => {
                (ErrorKind::QuotaRejected, LOWER)
            }
            // What Bedrock said of a call like this one, so it is of the same kind.
            Cause::Exhausted => (
                ErrorKind::Exhausted,
                "; a limit per day is used up, or the quota is 0 or too small for such a call",
            ),
            Cause::Closed => (
                ErrorKind::Closed,
                "; it was closed because this process is about to end",
            ),
            Cause::QueueFull | Cause::MaxWait | Cause::Deadline => (ErrorKind::QuotaRejected, ""),
            // A cause that is newer than this: it is a rejection by the quota in any case. A test of
            // the workspace looks that each has its line here.
            _ => (ErrorKind::QuotaRejected, ""),
        };
        let message = format!("{rejected}, for {}{advice}", rejected.key());
        let retry_after = rejected.retry_after();
        let too_large = matches!(
            rejected.cause(),
            Cause::TooLarge { .. } | Cause::SeemsTooLarge { .. }
        );
        let mut error = Self::refusal(kind, message).with_source(rejected);
        let repr = error.repr_mut();
        repr.retry_after = retry_after;
        repr.too_large = too_large;
        error
    }
}

impl From<AttemptTimeout> for Error {
    fn from(timeout: AttemptTimeout) -> Self {
        Self::new(ErrorKind::Timeout, timeout.to_string()).with_source(timeout)
    }
}
