//! How does a request that was no hit get its answer, and how do callers share the call?
//!
//! Read [`miss`] first, one request's way to its answer, then [`flight`], the shared call from its start
//! to its end, and [`delivery`], who gets the result. Who drives the call is decided in [`callers`].

mod cache;
mod call;
mod callers;
mod delivery;
mod flight;
mod miss;
mod shared;
mod step;
mod way;

pub(crate) use self::callers::{Background, Lead};
pub(crate) use self::miss::{Miss, WayOf};
pub(crate) use self::{cache::Cache, flight::Cause, shared::Shared, way::Way};
