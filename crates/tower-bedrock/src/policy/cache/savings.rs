use crate::response::Usage;

/// What the answers saved that a cache gave in Bedrock's place, since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Savings {
    /// Answers out of the store, and those of another caller's call.
    pub answers: u64,
    /// The tokens that Bedrock would have charged for.
    pub usage: Usage,
    /// The price of these tokens, in the currency of the [`PriceList`](super::PriceList).
    pub money: f64,
    /// Answers of which no usage or no price is known, so that `money` has no part for them.
    pub unpriced: u64,
}
