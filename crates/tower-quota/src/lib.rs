#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admit;
mod ask;
mod book;
mod charge;
mod cost;
mod demand;
mod error;
mod future;
mod gauge;
mod grant;
mod handle;
mod headroom;
mod keyed;
mod layer;
mod ledger;
mod limit;
mod limits;
#[cfg(feature = "load")]
mod loaded;
mod memory;
mod outcome;
mod pace;
mod priority;
mod queue;
mod reservation;
mod service;
mod settings;
mod settle;
mod slot;
mod sync;
mod telemetry;
mod throttle;
mod ticket;
#[cfg(not(loom))]
mod timer;
#[cfg(loom)]
#[path = "timer/model.rs"]
mod timer;
mod turns;
mod usage;
mod window;

pub use self::admit::Admit;
pub use self::ask::Ask;
pub use self::cost::Cost;
pub use self::error::{Cause, Rejected};
pub use self::future::ResponseFuture;
pub use self::handle::Handle;
pub use self::headroom::Headroom;
pub use self::layer::QuotaLayer;
pub use self::ledger::Ledger;
pub use self::limit::{Limit, Unit};
pub use self::limits::{Limits, LimitsOf};
#[cfg(feature = "load")]
pub use self::loaded::Loaded;
pub use self::memory::MemoryLedger;
pub use self::priority::Priority;
pub use self::reservation::Reservation;
pub use self::service::Quota;
pub use self::settle::Settle;
pub use self::throttle::Throttle;
pub use self::ticket::Ticket;
pub use self::usage::{LimitUsage, Usage};
