#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admission;
mod answer;
mod error;
mod event_stream;
mod exchange;
mod fault;
mod format;
mod front;
mod json;
mod latency;
mod ledger;
mod model;
mod operation;
mod playback;
mod prompt;
mod prompt_cache;
mod reply;
mod schema;
mod script;
mod simulator;
mod stop_reason;
mod streaming;
mod tokens;
mod usage;

pub use fault::{Fault, FaultKind, InvalidFault, StreamException};
pub use front::server::Server;
pub use latency::Latency;
pub use ledger::Meter;
pub use model::Model;
pub use operation::Operation;
pub use script::Script;
pub use simulator::Simulator;
pub use stop_reason::StopReason;
pub use usage::{Limits, ModelUsage, Throttled, Usage};
