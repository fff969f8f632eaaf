//! Why did a call fail? One type for every operation and every layer.
//!
//! Read `error` and `kind`, then `from_sdk`, `codes` and `credentials`, which decide the
//! kind of what Bedrock and the SDK said.

mod answerer;
mod chain;
pub(crate) mod codes;
mod credentials;
mod delivered;
mod echo;
mod error;
mod from_layers;
mod from_others;
mod from_sdk;
mod from_stream;
mod kind;
mod line;
mod reach;
mod retry_after;
mod said;
mod sdk_source;
mod secrets;
mod stalled;
mod told;

pub(crate) use self::stalled::Stalled;
pub use self::{error::Error, kind::ErrorKind};
