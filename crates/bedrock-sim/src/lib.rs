#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod fault;
mod front;
mod model;
mod operation;
mod quota;
mod simulator;
mod state;
mod which_calls;
mod wire;

pub use fault::{Fault, FaultKind, InvalidFault, Script, ScriptEntry};
pub use front::server::Server;
pub use model::{Latency, Model, ScriptedAnswer, StopReason};
pub use operation::Operation;
pub use quota::{Limits, Meter, ModelUsage, QuotaUsage, Throttled};
pub use simulator::Simulator;
pub use wire::StreamException;
