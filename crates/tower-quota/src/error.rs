use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::limit::Limit;

/// The rejection: the call would have to wait too long, or can never be admitted. The inner
/// service was not called, and nothing is reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    cause: Cause,
    retry_after: Option<Duration>,
    key: Arc<str>,
}

/// Why a call was [`Rejected`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The call asks for more than the limit ever holds.
    TooLarge {
        /// What the call asked for, in the limit's unit.
        amount: u64,
        /// The limit.
        limit: Box<Limit>,
    },
    /// The server throttled calls of this size for a whole period, again and again, while it answered
    /// smaller ones; for two periods where there is room by what was told. Ten minutes after the last
    /// throttle one is sent again, to see.
    SeemsTooLarge {
        /// What the call asked for.
        tokens: u64,
        /// The most that a call asked for that was answered, in tokens.
        answered: u64,
    },
    /// The server refused a call of this size, or a smaller one, for lack of a quota that does not
    /// come back soon; see [`Throttle::Exhausted`](crate::Throttle::Exhausted).
    Exhausted,
    /// As many calls wait as [`max_queue`](crate::QuotaLayer::max_queue) allows, and this one is
    /// the last in turn of the lowest priority.
    QueueFull,
    /// The wait is longer than [`max_wait`](crate::QuotaLayer::max_wait), the layer's or the
    /// [call's](crate::Ask::max_wait).
    MaxWait,
    /// The wait ends after the request's [deadline](crate::Ask::deadline).
    Deadline,
    /// The layer was [closed](crate::Handle::close), and stays so: only another process has room when
    /// the wait is over.
    Closed,
}

impl Rejected {
    /// For ledgers: `retry_after` is `None` where waiting does not help, `key` is shown to people.
    #[must_use]
    pub fn new(cause: Cause, retry_after: Option<Duration>, key: Arc<str>) -> Self {
        Self {
            cause,
            retry_after,
            key,
        }
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// How long the call would have waited, by what was reserved and queued at that moment, or
    /// `None` where waiting does not help.
    ///
    /// Calls that come to less than they reserved make it shorter. So may tenants and priorities
    /// that are mixed. Where over a hundred calls wait under several limits it may be longer, for
    /// one that is full earns nothing while calls wait for another.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The text of the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::TooLarge { amount, limit } => {
                write!(f, "call is larger than the limit: {amount} of {limit}")?;
            }
            Cause::SeemsTooLarge { tokens, answered } => write!(
                f,
                "call seems to be larger than the quota: {tokens} tokens are throttled, up to \
                 {answered} are answered"
            )?,
            Cause::Exhausted => f.write_str("quota is used up for long, for calls of this size")?,
            Cause::QueueFull => f.write_str("quota is used up and the queue is full")?,
            Cause::MaxWait => f.write_str("quota is used up for longer than a call may wait")?,
            Cause::Deadline => f.write_str("quota is used up until after the deadline")?,
            Cause::Closed => f.write_str("quota is closed: no call is admitted any more")?,
        }
        let Some(wait) = self.retry_after else {
            return Ok(());
        };
        // Rounded up to what a person reads; a caller that follows the message is never early.
        let nanos = wait.as_nanos();
        if nanos >= 1_000_000_000 {
            write!(f, "; retry after {}s", nanos.div_ceil(1_000_000_000))
        } else {
            write!(f, "; retry after {}ms", nanos.div_ceil(1_000_000))
        }
    }
}

impl Error for Rejected {}
