//! Which model an ARN stands for that does not say so: told in a table, or asked of AWS once.
//!
//! `service` marks a request before the policies see it; `known` is what was told and asked so far,
//! `models` reads what AWS answers.

mod future;
mod known;
mod layer;
mod models;
mod service;
mod settings;

pub use self::{
    future::ResolveProfilesFuture, layer::ResolveProfilesLayer, service::ResolveProfiles,
};
