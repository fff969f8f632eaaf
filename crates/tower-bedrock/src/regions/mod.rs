//! To which Region does a call go? The Regions that the user lists, and who answers for each of them.
//!
//! Read `regions`, then `settings`; `service` is the leaf that sends to the one that was chosen. `in_region`
//! chooses, by what the pure files say: `choice`, `moving`, `movable`, `left_out`, `warmth`, `model_map`.

mod ahead;
mod choice;
mod choosing;
mod counts;
mod future;
mod geography;
mod in_region;
mod left_out;
mod model_map;
mod movable;
mod moving;
mod not_served;
mod outlook;
mod regions;
mod routes;
mod sending;
mod service;
mod set;
mod settings;
#[cfg(test)]
mod simulation;
mod warmth;

pub(crate) use self::{
    choosing::Choosing,
    movable::Reason,
    outlook::{Asked, Outlook},
    settings::Settings,
};
pub use self::{
    future::RegionsFuture,
    in_region::{InRegion, InRegionFuture},
    regions::Regions,
    sending::Sending,
};
