use super::{MILLISECOND, SECOND};
use crate::limit::Limit;

/// The pause after the first throttle, doubled with each that follows up to eight seconds.
const PAUSE: u64 = 250 * MILLISECOND;
const DOUBLINGS: u32 = 5;
/// No rate is measured in less time than that.
const SHORTEST: u64 = 50 * MILLISECOND;
/// The part of a hint that may have been the server's need, at least.
const HINT: u64 = 16;
/// No limit to speak of, and small enough to count with.
const OPEN: u64 = SECOND << 10;

/// What is known of the amount that a period brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Knowledge {
    Told,
    /// Nobody told it, and nothing was throttled: as good as no limit.
    Open,
    /// Nobody told it, and nothing went through since the first throttle.
    Empty(Empty),
    /// Measured after the first throttle. Until the next one it rises fast.
    FirstGuess,
    /// Measured again at each throttle.
    Guess,
}

impl Knowledge {
    /// What `limit` brings in a period, and what is known of that.
    pub(crate) fn of(limit: &Limit) -> (u64, Self) {
        if limit.probing {
            (OPEN, Self::Open)
        } else {
            (limit.amount, Self::Told)
        }
    }

    pub(crate) fn is_guess(self) -> bool {
        matches!(self, Self::FirstGuess | Self::Guess)
    }
}

/// The time from the first throttle to the first call that goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Empty {
    /// What the period had been charged when the first call was throttled; and what of that was not
    /// throttled itself, as far as is known.
    charged: u64,
    held: u64,
    /// In how much time.
    within: u64,
    /// When that was.
    since: u64,
    /// When the last call was sent that did not go through.
    failed: u64,
    /// How many such calls there were.
    pings: u32,
    /// For how long a hint held back all calls.
    hinted: u64,
}

/// What the server seems to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Guess {
    /// A period holds that much.
    Window(u64),
    /// A period brings about that much.
    Rate(u64),
}

impl Empty {
    pub(crate) fn new(now: u64, held: u64, within: u64) -> Self {
        Self {
            charged: held,
            held,
            within,
            since: now,
            failed: now,
            pings: 0,
            hinted: 0,
        }
    }

    /// A hint holds back all calls for so long.
    pub(crate) fn hinted(self, time: u64) -> Self {
        Self {
            hinted: self.hinted.max(time),
            ..self
        }
    }

    /// A call of `x` was throttled that was sent before anything was known, with so much charged
    /// `before` it: if it is not known how much, it was sent before most others.
    pub(crate) fn never_held(self, x: u64, before: Option<u64>) -> Self {
        let counted = before.is_none_or(|before| before < self.charged);
        Self {
            held: self.held.saturating_sub(if counted { x } else { 0 }),
            ..self
        }
    }

    /// A call that was sent `at` that time did not go through either.
    pub(crate) fn failed(self, at: u64) -> Self {
        Self {
            failed: at.max(self.since),
            pings: self.pings + 1,
            ..self
        }
    }

    /// How long to pause before the next call.
    pub(crate) fn pause(self) -> u64 {
        PAUSE << self.pings.min(DOUBLINGS)
    }

    /// A call of `x` went through that was sent `at` that time.
    ///
    /// Had a bucket refilled, its rate would be less than `x` over the time of the last failure.
    /// Where that is too slow for what was held before, the room came all at once: a window.
    pub(crate) fn guess(self, x: u64, at: u64, period: u64) -> Guess {
        let (held, x, period) = (u128::from(self.held), u128::from(x), u128::from(period));
        let failed = u128::from(self.failed - self.since);
        if held * failed / x.max(1) > period + u128::from(self.within) {
            return Guess::Window(self.held.max(1));
        }
        // A hint says when to come back, not how long it takes a bucket to refill by one call.
        let gap = at.saturating_sub(self.since);
        let tried = gap.saturating_sub(self.hinted - self.hinted / HINT);
        let gap = u128::from(tried.max(SHORTEST));
        // A quarter less than what came in: the bucket may almost have had room before.
        let rate = period * x / gap * 3 / 4;
        Guess::Rate(u64::try_from(rate).unwrap_or(u64::MAX).max(1))
    }
}
