//! What does a request over HTTP cost, and how is a rejection told?
//!
//! Read [`layer`] first, a front for servers; [`service`] and [`future`] are its calls. [`cost`] says who
//! asks, by a [`key`]. What callers are told is in [`fields`], as far as [`rate_limit_fields`] allows, and in
//! the [`rejection`]. [`retry_after`] is what a server tells a client.

mod cost;
mod fields;
mod future;
mod key;
mod layer;
mod rate_limit_fields;
mod rejection;
mod retry_after;
mod service;

pub use self::{cost::HttpCost, future::HttpQuotaFuture, key::HttpKey, layer::HttpQuotaLayer};
pub use self::{rate_limit_fields::RateLimitFields, service::HttpQuota};
