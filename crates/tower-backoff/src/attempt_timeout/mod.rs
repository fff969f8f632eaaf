//! A limit on the time of each attempt; place it inside [`BackoffLayer`](crate::BackoffLayer).

mod error;
mod future;
mod layer;
mod service;

pub use error::AttemptTimeout;
pub use future::ResponseFuture;
pub use layer::AttemptTimeoutLayer;
pub use service::{AttemptTimeoutService, TimeLimit};
