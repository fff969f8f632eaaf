//! Asks Bedrock how many input tokens a request has, for callers who want to know exactly.

mod failures;
mod future;
mod layer;
mod service;
mod settings;
mod snapshot;

pub use self::{
    future::CountTokensFuture, layer::CountTokensLayer, service::CountTokens,
    snapshot::CountTokensSnapshot,
};
