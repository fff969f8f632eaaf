//! To which Region does a call go? The Regions that the user lists, and who answers for each of them.
//!
//! Read `regions`, then `settings`; `service` is the leaf that sends to the one that was chosen.

#![allow(dead_code, reason = "the choice is to use all of it")]

mod future;
mod in_region;
mod outlook;
mod regions;
mod sending;
mod service;
mod settings;

pub use self::{
    future::RegionsFuture,
    in_region::{InRegion, InRegionFuture},
    regions::Regions,
    sending::Sending,
};
pub(crate) use self::{
    in_region::Choosing,
    outlook::{Asked, Outlook},
    settings::Settings,
};
