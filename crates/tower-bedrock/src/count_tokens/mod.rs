//! Asks Bedrock how many input tokens a request has, for callers who want to know exactly.
//!
//! Read `layer`, then `service`, which makes the question, and `future`, which waits for the answer.

mod failures;
mod future;
mod handle;
mod layer;
mod service;
mod settings;
mod shared;
mod snapshot;

pub use self::{
    future::CountTokensFuture, handle::CountTokensHandle, layer::CountTokensLayer,
    service::CountTokens, snapshot::CountTokensSnapshot,
};
