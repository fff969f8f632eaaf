use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The rejection: the circuit is open, half-open with all its probes under way, or has closed a
/// moment ago and lets only a share of the calls through. The inner service was not called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    retry_after: Duration,
    key: Option<Arc<str>>,
    exhausted: bool,
}

impl Open {
    pub(crate) fn new(retry_after: Duration, key: Option<Arc<str>>, exhausted: bool) -> Self {
        Self {
            retry_after,
            key,
            exhausted,
        }
    }

    /// How long to wait before another call is worth a try.
    ///
    /// The rest of the open time. A half-open circuit answers with the rest of its oldest probe's
    /// lease, but no more than a second or the shortest open time
    /// ([`open_for`](crate::CircuitBreakerLayer::open_for)), one that was forced open without an
    /// end with the shortest open time, and one that has just closed with some moment of the rest
    /// of its [`ramp`](crate::CircuitBreakerLayer::ramp).
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        self.retry_after
    }

    /// Whether a result that was [`Exhausted`](crate::Verdict::Exhausted) opened the circuit: a
    /// quota is used up, and nothing is known to be wrong.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// The text of the circuit's key, or `None` where all requests share one circuit.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded up to what a person reads; a caller that follows the message is never early.
        let nanos = self.retry_after.as_nanos();
        if nanos >= 1_000_000_000 {
            let seconds = nanos.div_ceil(1_000_000_000);
            write!(f, "circuit is open; retry after {seconds}s")
        } else {
            let millis = nanos.div_ceil(1_000_000);
            write!(f, "circuit is open; retry after {millis}ms")
        }
    }
}

impl Error for Open {}
