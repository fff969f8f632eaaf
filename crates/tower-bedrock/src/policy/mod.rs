//! What Bedrock means to the layers, which know nothing of it: one policy a layer, and the layer
//! ready-made with it.

pub(crate) mod cache;
mod circuit;
mod cost;
mod limits;
mod model_key;
mod retry;

#[cfg(feature = "toml")]
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
pub use self::limits::QuotasError;
pub use self::{
    cache::{Answer, CacheContext, CachePolicy, Price, Prices, Saved, Savings, response_cache},
    circuit::{CircuitPolicy, circuit_breaker},
    cost::{Burndown, Forecast, MaxOutput, TokenCost, quota},
    limits::{Quota, Quotas},
    retry::{RetryPolicy, backoff},
};
