//! The service that chooses a Region for each attempt of a call.
//!
//! Read `service`, then `future`, which polls; `call` decides where the call goes, `failover`
//! where it goes on when it failed there, `learn` notes what its answer tells.

mod call;
mod failover;
mod future;
mod learn;
mod service;

pub use self::{future::InRegionFuture, service::InRegion};
