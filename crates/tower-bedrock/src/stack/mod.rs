//! All the layers in their order, and the type of each.

mod handle;
mod layer;
mod model_snapshot;
mod off;
mod outlook;
mod part;
mod places;
mod presets;
mod snapshot;

pub use self::{
    handle::Handle,
    layer::{BreakerLayer, CacheLayer, RetryLayer, Stack, StackLayer, TokenQuotaLayer},
    model_snapshot::ModelSnapshot,
    off::Off,
    snapshot::Snapshot,
};
