//! The service that chooses a Region for each attempt of a call.
//!
//! Read `service`, then `future`, which polls; `call` decides where the call goes next, `learn` notes what
//! its answer tells.

mod call;
mod future;
mod learn;
mod service;

pub use self::{future::InRegionFuture, service::InRegion};
