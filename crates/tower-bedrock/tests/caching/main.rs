//! Which answers Bedrock's cache policy keeps, what a hit says it saved, and answers as bytes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod asked;
#[path = "../common/mod.rs"]
mod common;
mod kept;
mod outages;
mod remote;
mod saved;
mod support;
