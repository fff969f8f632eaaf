//! How many tokens each model uses, and where `max_tokens` wastes quota.
//!
//! A [`Monitor`] counts and changes no call. Bedrock charges a call's whole `max_tokens` when the
//! call arrives and gives back what was not used when it ends. A call that sets none is charged the
//! model's maximum.

mod advice;
mod histogram;
#[expect(clippy::module_inception, reason = "the file has the name of its type")]
mod monitor;
mod reason;
mod record;
mod settings;
mod snapshot;
mod tally;

pub use self::{
    advice::Advice, monitor::Monitor, reason::Reason, record::Record, snapshot::Snapshot,
};
