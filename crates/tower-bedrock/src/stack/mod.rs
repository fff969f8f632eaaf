//! All the layers in their order, and the type of each.

mod handles;
mod layer;
mod off;
mod part;

pub use self::{
    layer::{BreakerLayer, CacheLayer, RetryLayer, Stack, StackLayer, TokenQuotaLayer},
    off::Off,
};
