//! What a call costs of Bedrock's quota.

mod burndown;
mod cost;
mod forecast;
mod learned;
mod max_output;
mod rates;
mod settle;
mod streak;
mod table;

pub use self::{burndown::Burndown, cost::TokenCost, forecast::Forecast, max_output::MaxOutput};
use std::sync::Arc;
use tower_quota::{LimitsOf, MemoryLedger, QuotaLayer};

/// A [`QuotaLayer`] with Bedrock's [`TokenCost`]: each model in `region` has the limits that
/// `limits` gives its key `"region/model"`; see [`TokenCost::quota`].
#[must_use]
pub fn quota(
    region: impl Into<Arc<str>>,
    limits: impl LimitsOf<Arc<str>> + Send + Sync + 'static,
) -> QuotaLayer<TokenCost, MemoryLedger<Arc<str>>> {
    TokenCost::new(region).quota(limits)
}
