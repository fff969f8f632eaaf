//! `HttpQuotaLayer`, whose rejections are responses, and `QuotaLayer::http` for clients.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod client;
mod fields;
mod keys;
mod knobs;
mod readiness;
mod rejections;
mod server;
mod support;
