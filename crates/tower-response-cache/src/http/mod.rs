//! What does a shared cache of HTTP keep, and for whom?
//!
//! Read [`service`] first, and [`decision`]: how one request gets its answer. [`origin`] is what stands behind
//! the cache: it judges each answer by the [`rules`], pure and of RFC 9111, and collects its body.
//! [`policy`] takes those decisions to the cache, which keeps what is [`stored`]. Why a request went on is
//! told by [`forwarded`].

mod answer;
mod asked;
mod body;
mod decision;
mod failure;
mod forwarded;
mod future;
mod handle;
mod layer;
mod origin;
mod policy;
mod rules;
mod service;
mod settings;
mod stored;

pub use self::{body::HttpCacheBody, future::HttpCacheFuture, handle::HttpCacheHandle};
pub use self::{layer::HttpCacheLayer, service::HttpCache};
