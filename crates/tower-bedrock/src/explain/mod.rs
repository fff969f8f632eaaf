//! Which call was it that failed, and at what? The outermost layer, which completes every error.
//!
//! Read `layer`, `service`, then `future`.

mod future;
mod layer;
mod service;

pub use self::{future::ExplainFuture, layer::ExplainLayer, service::Explain};
