use crate::response::Usage;

/// What a cache has saved since it was made, by answering in Bedrock's place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Savings {
    /// Answers out of the store, and those of another caller's call.
    pub answers: u64,
    /// The tokens that Bedrock would have charged for.
    pub usage: Usage,
    /// The price of these tokens, in the currency of the [`PriceList`](super::PriceList).
    pub money: f64,
    /// Answers without a known usage or price, which `money` leaves out.
    pub unpriced: u64,
}
