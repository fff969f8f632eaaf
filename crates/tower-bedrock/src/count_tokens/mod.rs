//! Asks Bedrock how many input tokens a request has, for callers who want to know exactly.

mod counts;
mod failures;
mod future;
mod layer;
mod service;
mod settings;

pub use self::{
    counts::Counts, future::CountTokensFuture, layer::CountTokensLayer, service::CountTokens,
};
