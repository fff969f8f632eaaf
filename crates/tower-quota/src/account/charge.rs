use crate::limit::Amount;

/// What a call was charged, until it is said what became of it.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Charge {
    pub(super) number: u64,
    pub(super) at: u64,
    pub(super) tokens: u64,
}

impl Charge {
    pub(crate) fn amount(&self) -> Amount {
        Amount::call(self.tokens)
    }

    /// That of a call which others count too, by its number among those of this process.
    #[cfg(feature = "shared")]
    pub(crate) fn numbered(number: u64, at: u64, tokens: u64) -> Self {
        Self { number, at, tokens }
    }

    /// The same, for a call that goes on.
    #[cfg(feature = "shared")]
    pub(crate) fn again(&self) -> Self {
        Self { ..*self }
    }

    #[cfg(feature = "shared")]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    #[cfg(feature = "shared")]
    pub(crate) fn at(&self) -> u64 {
        self.at
    }
}
