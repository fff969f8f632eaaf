//! A chat server: Amazon Bedrock through the tower-bedrock stack, served by axum.
//!
//! Read [`App`], which has the routes, then `chat/route.rs`.

mod app;
mod chat;
mod health;
mod log;
mod metrics;
mod page;
mod refused;
mod shutdown;
mod status;

pub use self::{app::App, metrics::install as install_metrics, shutdown::serve};
