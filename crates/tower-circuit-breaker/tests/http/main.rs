//! `CircuitBreakerLayer::http`, and `HttpCircuitBreakerLayer`, whose rejections are responses.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod classifier;
mod hints;
mod readiness;
mod rejections;
mod server;
