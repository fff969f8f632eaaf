//! Why did a call fail? One type for every operation and every layer.
//!
//! Read `error` and `kind`, then `from_sdk` and `codes`, which decide the kind of what Bedrock said.

pub(crate) mod codes;
mod error;
mod from_layers;
mod from_sdk;
mod kind;
mod reach;
mod retry_after;

pub use self::{error::Error, kind::ErrorKind};
