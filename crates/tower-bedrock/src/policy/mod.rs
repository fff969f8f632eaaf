//! What Bedrock means to the layers, which know nothing of it: one policy a layer, and the layer
//! ready-made with it.

mod cache;
mod circuit;
mod retry;

pub use self::{
    cache::{Answer, CachePolicy, OwnLimits, response_cache},
    circuit::{CircuitPolicy, circuit_breaker},
    retry::{RetryPolicy, backoff},
};
