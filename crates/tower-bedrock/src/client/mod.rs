//! One attempt at Bedrock: the leaf service, the call it makes of the SDK, and its future.

mod bedrock;
mod exchange;
mod future;

pub use self::{bedrock::Bedrock, future::ResponseFuture};
