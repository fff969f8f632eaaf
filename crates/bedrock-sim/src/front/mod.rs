//! The ways in: over HTTP, and within the process.

mod connection;
mod in_process;
#[cfg(feature = "sdk")]
mod sdk;
pub(crate) mod server;
