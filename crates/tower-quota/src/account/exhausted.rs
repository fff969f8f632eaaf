use crate::limit::Amount;

/// What a server has no more of for long, as for the rest of the day.
///
/// What is left may still do for a smaller call: so a refusal speaks for calls of its size and
/// larger ones.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Exhausted {
    from: u64,
    until: u64,
}

impl Exhausted {
    /// A call of that amount was refused, and there is nothing for such calls before `until`.
    pub(crate) fn refused(&mut self, now: u64, amount: Amount, until: u64) {
        *self = if now < self.until {
            Self {
                from: self.from.min(amount.tokens),
                until: self.until.max(until),
            }
        } else {
            Self {
                from: amount.tokens,
                until,
            }
        };
    }

    /// Until when there is nothing for a call of that amount.
    pub(crate) fn until(&self, now: u64, amount: Amount) -> Option<u64> {
        (now < self.until && amount.tokens >= self.from).then_some(self.until)
    }

    /// When it is all over.
    pub(crate) fn over_at(&self) -> u64 {
        self.until
    }
}
