//! How does a request that was no hit get its answer, and how do callers share the call?
//!
//! [`miss`] is one request's way, [`flight`] the shared call from its start to its end; both work on
//! the [`cache`]. Who drives the call is decided in [`callers`].

pub(crate) mod cache;
mod call;
mod callers;
pub(crate) mod flight;
pub(crate) mod miss;
