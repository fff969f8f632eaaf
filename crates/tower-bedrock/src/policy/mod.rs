//! What Bedrock means to the layers, which know nothing of it: one policy a layer, and the layer
//! ready-made with it.

#[path = "cache/policy.rs"]
mod cache;
mod circuit;
mod key;
mod quota;
#[path = "quotas/quotas.rs"]
mod quotas;
mod retry;

#[cfg(feature = "toml")]
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
pub use self::quotas::QuotasError;
pub use self::{
    cache::{Answer, CacheContext, CachePolicy, Price, Prices, Saved, Savings, response_cache},
    circuit::{CircuitPolicy, circuit_breaker},
    quota::{Burndown, Forecast, MaxOutput, TokenCost, quota},
    quotas::{Quota, Quotas},
    retry::{RetryPolicy, backoff},
};
