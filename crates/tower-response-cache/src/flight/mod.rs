//! How does a request that was no hit get its answer, and how do callers share the call?
//!
//! Read [`miss`] first, one request's way to its answer, with its [`miss_state`] and [`miss_step`]; then
//! [`flight`], the shared call from its start to its end, [`ask`] what a remote store has for it, [`delivery`], who gets the
//! result, and
//! [`going_on`], an answer that is handed out before its end. Who
//! drives the call is decided in [`callers`].

mod ask;
mod cache;
mod call;
mod callers;
mod delivery;
mod flight;
mod going_on;
mod layer_state;
mod listener;
mod miss;
mod miss_state;
mod miss_step;
mod pauses;
mod revalidation;

pub(crate) use self::callers::{Background, Lead};
pub(crate) use self::miss::{Miss, MissStateOf};
pub(crate) use self::{
    cache::Cache, flight::Cause, layer_state::LayerState, miss_state::MissState, miss_state::Seen,
};
