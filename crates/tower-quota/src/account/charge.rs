use crate::limit::{Amount, Unit};

/// What a call is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// What it reserves: the server charges that when it lets the call in.
    pub(crate) amount: Amount,
    /// What it will come to, where calls come to more than they reserve: it is paced by that.
    pub(crate) expected: Amount,
}

impl Charge {
    pub(crate) fn of(self, unit: Unit) -> (u64, u64) {
        (self.amount.of(unit), self.expected.of(unit))
    }
}
