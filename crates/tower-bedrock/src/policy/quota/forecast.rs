use super::rates::Rates;
use std::sync::Arc;

/// What [`TokenCost`](super::TokenCost) keeps of a request until its answer is there.
///
/// Nothing where the call draws on no model's tokens.
#[derive(Debug, Clone)]
pub struct Forecast(pub(super) Option<Drawn>);

#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) rates: Arc<Rates>,
    /// The raw estimate of the input; `None` where the request brought its exact count.
    pub(super) raw: Option<u64>,
}
