use crate::limit::Amount;

/// What a call was charged, until it is said what became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(super) number: u64,
    pub(super) at: u64,
    pub(super) tokens: u64,
}

impl Charge {
    pub(crate) fn amount(&self) -> Amount {
        Amount::call(self.tokens)
    }
}
