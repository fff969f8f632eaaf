//! With a real server: `cargo test -p tower-quota-redis --test server -- --ignored`.
//!
//! Each test starts `redis-server`, or what `REDIS_SERVER` names, on a port of its own. The clock is the real
//! one, for the server has no other.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

mod begin;
mod claims;
mod clock;
mod cluster;
mod cost;
mod listening;
mod model;
mod order;
mod outages;
mod quota;
mod secrets;
