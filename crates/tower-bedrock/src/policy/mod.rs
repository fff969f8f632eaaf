//! What does Bedrock mean to the layers, which know nothing of it? One policy a layer, and the layer
//! ready-made with it.

pub(crate) mod cache;
mod circuit;
mod cost;
mod limits;
mod model_key;
mod retry;
#[cfg(test)]
mod tests;

#[cfg(feature = "toml")]
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
pub use self::limits::QuotasError;
pub use self::{
    cache::{
        Answer, CacheContext, CachePolicy, Price, PriceList, Replay, Savings, SavingsHandle,
        response_cache_layer,
    },
    circuit::{CircuitPolicy, circuit_breaker_layer},
    cost::{Burndown, Forecast, MaxOutput, TokenCost, quota_layer},
    limits::{AccountQuotas, ModelQuota, Profiles, Quotas},
    retry::{RetryPolicy, backoff_layer},
};
pub(crate) use self::{circuit::LONGEST_ANSWER, model_key::model_key};
