//! All the layers in their order, and the type of each.

mod handle;
#[cfg(feature = "fleet")]
mod in_fleet;
mod layer;
mod layers;
mod model_snapshot;
mod off;
mod outlook;
mod part;
mod places;
mod presets;
mod region_snapshot;
mod shared;
mod snapshot;

pub use self::{
    handle::Handle,
    layer::{BreakerLayer, CacheLayer, RetryLayer, Stack, StackLayer, TokenQuotaLayer},
    model_snapshot::ModelSnapshot,
    off::Off,
    region_snapshot::{MovedAway, RegionSnapshot},
    snapshot::Snapshot,
};
