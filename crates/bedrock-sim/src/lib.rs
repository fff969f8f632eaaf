// On this page the links of the README lead to the guides as rustdoc shows them: a first definition
// wins.
#![doc = "[wire]: docs::wire"]
#![doc = "[quotas]: docs::quotas"]
#![doc = "[faults]: docs::faults"]
#![doc = "[program]: docs::program"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
#[cfg(any(doc, doctest))]
pub mod docs;
mod entry_knobs;
mod fault;
mod front;
mod model;
mod operation;
mod quota;
mod simulator;
mod state;
mod wire;

pub use fault::{Fault, FaultKind, InvalidFault, Script, ScriptEntry};
pub use front::server::Server;
pub use model::{Latency, Model, ScriptedAnswer, ScriptedBlock, StopReason};
pub use operation::Operation;
pub use quota::{Limits, Meter, ModelUsage, QuotaUsage, Throttled};
pub use simulator::Simulator;
pub use wire::StreamException;
