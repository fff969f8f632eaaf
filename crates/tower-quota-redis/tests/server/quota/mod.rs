//! Processes that pace their calls by one quota, and what may become of their server.
//!
//! Each is a layer with a connection and a runtime of its own.

mod calls;
mod fleet;
mod lines;
mod process;

mod cut_off;
mod exhausted;
mod failover;
mod gone;
mod handles;
mod killed;
mod refused;
mod sharing;
