//! How long is the wait before an attempt? `backoff` and `jitter` are told; `delays` follows failures,
//! `rejections` what was refused before it was sent.

mod backoff;
mod delays;
mod jitter;
mod rejections;
mod timer;

pub use self::{backoff::Backoff, delays::Delays, jitter::Jitter};
pub(crate) use self::{rejections::Rejections, timer::poll_timer};
