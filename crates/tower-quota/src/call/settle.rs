use std::time::Duration;

use super::throttle::Throttle;
use crate::limit::Unit;

/// What a call came to; see [`Cost::settle`](crate::Cost::settle).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settle {
    /// So many tokens, be it less or more than was reserved.
    Used(u64),
    /// What was reserved: nothing better is known.
    Reserved,
    /// It was never charged.
    Refund,
    /// The server refused it for lack of quota, and did not charge it.
    Throttled(Throttle),
    /// That is known only later, as when a streamed response ends:
    /// [`Cost::later`](crate::Cost::later) takes the reservation.
    Later,
}

impl Settle {
    /// Throttled for now, without a hint.
    #[must_use]
    pub const fn throttled() -> Self {
        Self::Throttled(Throttle::Rate {
            retry_after: None,
            unit: None,
        })
    }

    /// Throttled for now, for lack of calls or of tokens, without a hint when there will be more.
    #[must_use]
    pub const fn short_of(unit: Unit) -> Self {
        Self::Throttled(Throttle::Rate {
            retry_after: None,
            unit: Some(unit),
        })
    }

    /// Throttled for long, as for the rest of the day, without a hint.
    #[must_use]
    pub const fn exhausted() -> Self {
        Self::Throttled(Throttle::Exhausted { retry_after: None })
    }

    /// Adds the server's hint to a throttle: there is nothing before. Anything else stays as it is.
    #[must_use]
    pub const fn retry_after(mut self, hint: Duration) -> Self {
        if let Self::Throttled(
            Throttle::Rate { retry_after, .. } | Throttle::Exhausted { retry_after },
        ) = &mut self
        {
            *retry_after = Some(hint);
        }
        self
    }
}
