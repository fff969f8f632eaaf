//! `BackoffLayer::http`: which answers over HTTP are worth another attempt.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod attempts;
mod errors;
mod exceptions;
mod hints;
mod server;
mod statuses;
mod support;
