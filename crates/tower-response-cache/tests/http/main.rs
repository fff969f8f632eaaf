//! `HttpCacheLayer`: what a shared cache of HTTP keeps, and for whom.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod axum_server;
mod bodies;
mod conditions;
mod failures;
mod fields;
mod head;
mod invalidation;
mod knobs;
mod lifetimes;
mod memory;
mod requests;
mod responses;
mod support;
mod threads;
mod validation;
