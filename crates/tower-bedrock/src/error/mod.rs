//! Why did a call fail? One type for every operation and every layer.
//!
//! Read `error` and `kind`, then `from_sdk`, which decides the kind of what Bedrock said.

mod error;
mod from_layers;
mod from_sdk;
mod hint;
mod kind;
mod reach;

pub use self::{error::Error, kind::ErrorKind};
