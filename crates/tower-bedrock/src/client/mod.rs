//! How is one attempt made? The leaf service, its future, and the exchange with the SDK.
//!
//! Read `bedrock`, then `exchange`, then `made`.

mod attempt;
mod bedrock;
mod clock_skew;
mod exchange;
mod future;
mod given;
mod made;
mod model_change;

pub use self::{bedrock::Bedrock, future::ResponseFuture};
