//! How does a request that was no hit get its answer, and how do callers share the call?
//!
//! Read [`miss`] first, one request's way to its answer, with its [`miss_state`] and [`miss_step`]; then
//! [`flight`], the shared call from its start to its end, and [`delivery`], who gets the result. Who
//! drives the call is decided in [`callers`].

mod cache;
mod call;
mod callers;
mod delivery;
mod flight;
mod layer_state;
mod miss;
mod miss_state;
mod miss_step;

pub(crate) use self::callers::{Background, Lead};
pub(crate) use self::miss::{Miss, MissStateOf};
pub(crate) use self::{
    cache::Cache, flight::Cause, layer_state::LayerState, miss_state::MissState,
};
