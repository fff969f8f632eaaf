#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod fault;
mod front;
mod model;
mod quota;
mod simulator;
mod wire;

pub use fault::{Fault, FaultKind, InvalidFault, Script};
pub use front::server::Server;
pub use model::{Latency, Model, StopReason};
pub use quota::{Limits, Meter, ModelUsage, QuotaUsage, Throttled};
pub use simulator::Simulator;
pub use wire::{Operation, StreamException};
