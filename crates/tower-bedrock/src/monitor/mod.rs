//! What is used, by model, and what would make it less.
//!
//! A [`Monitor`] counts; it changes no call. It advises where `max_tokens` costs quota for
//! nothing: Bedrock charges a call's `max_tokens` when the call comes, and gives back what was not
//! used only when it has ended. Where it is not set, the model's maximum is charged.

mod advice;
mod histogram;
#[expect(clippy::module_inception, reason = "the file has the name of its type")]
mod monitor;
mod reason;
mod record;
mod settings;
mod snapshot;
mod tally;
mod telemetry;

pub use self::{
    advice::Advice, monitor::Monitor, reason::Reason, record::Record, snapshot::Snapshot,
};
