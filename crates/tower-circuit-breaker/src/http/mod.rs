//! What does an answer over HTTP say about the service, and how is a rejection told?
//!
//! Read [`classifier`] first, and [`statuses`]: the table. [`exceptions`] is what users put before it,
//! [`retry_after`] the server's hint, and [`errors`] looks for a cause within an error. [`layer`],
//! [`service`] and [`future`] are a front for servers, whose rejections are [`rejection`]s.

mod classifier;
mod errors;
mod exceptions;
mod future;
mod layer;
mod rejection;
mod retry_after;
mod service;
mod statuses;

pub use self::{classifier::HttpClassifier, future::HttpCircuitBreakerFuture};
pub use self::{layer::HttpCircuitBreakerLayer, service::HttpCircuitBreaker};
