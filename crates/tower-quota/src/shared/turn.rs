use serde::{Deserialize, Serialize};

use crate::call::Throttle;
use crate::limit::{Amount, Unit};

/// How entries and snapshots are written. It changes whenever any of what is in them does.
const FORMAT: u8 = 1;

/// Which process it is: by chance, anew with each start.
pub(crate) type MemberId = u64;

/// What a process tells the others: its part of an entry that is appended in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) member: MemberId,
    /// Calls that began while the log was not heard, and what a bucket lacks by them: calls and tokens.
    pub(crate) late: Vec<Late>,
    pub(crate) lacks: (u64, u64),
    /// Calls that the server has begun to answer.
    pub(crate) confirmed: Vec<u64>,
    pub(crate) ended: Vec<(u64, Ended)>,
    /// All its places in the line are these from now on.
    pub(crate) line: Option<Vec<Wanted>>,
    /// Members that have not taken their turn: they lose their places.
    pub(crate) silent: Vec<MemberId>,
}

impl Facts {
    pub(crate) fn of(member: MemberId) -> Self {
        Self {
            member,
            ..Self::default()
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::of(self.member)
    }

    /// Whether others should think again before they begin a call.
    pub(crate) fn is_stop(&self) -> bool {
        self.ended.iter().any(|(_, ended)| ended.is_stop())
    }
}

/// A call that began without the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Late {
    pub(crate) call: u64,
    /// What it came to, or what it reserved if it is not over.
    pub(crate) tokens: u64,
    pub(crate) is_over: bool,
    /// How many milliseconds ago it began.
    pub(crate) ago: u64,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    /// It came to so many tokens.
    Came(u64),
    Kept,
    Refunded,
    Throttled {
        /// Whether it was for lack of tokens, or else of calls, if the server said so.
        tokens: Option<bool>,
        /// The server's hint, in nanoseconds.
        hold: Option<u64>,
    },
    /// There is nothing for such calls for so many nanoseconds.
    Exhausted(u64),
}

impl Ended {
    pub(crate) fn is_stop(self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Exhausted(_))
    }

    pub(crate) fn throttled(throttle: Throttle, exhausted_for: u64) -> Self {
        let nanos = crate::account::nanos;
        match throttle {
            Throttle::Rate { retry_after, unit } => Self::Throttled {
                tokens: unit.map(|unit| unit == Unit::Tokens),
                hold: retry_after.map(nanos),
            },
            Throttle::Exhausted { retry_after } => {
                Self::Exhausted(retry_after.map_or(exhausted_for, nanos))
            }
        }
    }
}

/// A call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// Its priority: the lower goes first.
    pub(crate) class: u8,
    pub(crate) tokens: u64,
    /// How long the limits take to bring that much, in nanoseconds: processes take turns by that.
    pub(crate) worth: u64,
}

impl Wanted {
    pub(crate) fn amount(self) -> Amount {
        Amount::call(self.tokens)
    }
}

/// Calls that a process begins, if the log takes the claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begins {
    pub(crate) member: MemberId,
    /// The first one's number. The others follow.
    pub(crate) first: u64,
    pub(crate) tokens: Vec<u64>,
}

impl Begins {
    pub(crate) fn amount(&self) -> Amount {
        let mut sum = Amount::NONE;
        for tokens in &self.tokens {
            sum += Amount::call(*tokens);
        }
        sum
    }

    /// The calls with their numbers.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (u64, u64)> {
        (self.first..=u64::MAX).zip(self.tokens.iter().copied())
    }
}

/// As bytes of this format.
pub(crate) fn encode(what: &impl Serialize) -> Vec<u8> {
    // There is nothing in what is written here that has no form.
    postcard::to_extend(what, vec![FORMAT]).unwrap_or_default()
}

/// What was written in this format, and is whole.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (format, bytes) = bytes.split_first()?;
    if *format != FORMAT {
        return None;
    }
    postcard::from_bytes(bytes).ok()
}
