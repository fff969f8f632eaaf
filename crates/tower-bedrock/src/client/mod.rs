//! How is one attempt made? The leaf service, its future, and the exchange with the SDK.
//!
//! Read `bedrock`, then `exchange`.

mod bedrock;
mod exchange;
mod future;

pub use self::{bedrock::Bedrock, future::ResponseFuture};
