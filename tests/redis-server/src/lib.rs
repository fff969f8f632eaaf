//! A `redis-server` for a test, or what `REDIS_SERVER` names, on a port of its own. The clock is the real one, for the
//! server has no other.

#![allow(missing_docs, reason = "tests are its readers")]
#![allow(missing_debug_implementations, clippy::must_use_candidate)]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod proxy;
mod server;
mod until;

pub use self::{
    proxy::Proxy,
    server::{Server, connections, lifetimes},
    until::{SECOND, until},
};
