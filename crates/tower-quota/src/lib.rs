// The first definition of a link counts: here they lead to the guides within these pages.
#![doc = "[When it waits]: docs::when_it_waits"]
#![doc = "[The meter]: docs::meter"]
#![doc = "[Throttles]: docs::throttles"]
#![doc = "[Telemetry]: docs::telemetry"]
#![doc = "[For HTTP]: docs::http"]
#![doc = "[Running it]: docs::running_it"]
#![doc = "[spawned task]: docs::running_it"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod call;
mod cost;
#[cfg(any(doc, doctest))]
pub mod docs;
mod error;
mod future;
#[cfg(feature = "http")]
mod http;
mod layer;
pub mod ledger;
mod limit;
mod paced_call;
mod schedule;
mod service;
mod settings;
#[cfg(feature = "shared")]
pub mod shared;
mod telemetry;
mod usage;

pub use self::call::{Ask, Priority, Settle, Throttle};
pub use self::cost::Cost;
pub use self::error::{Cause, Rejected};
pub use self::future::ResponseFuture;
#[cfg(feature = "http")]
pub use self::http::{
    HttpCost, HttpKey, HttpQuota, HttpQuotaFuture, HttpQuotaLayer, RateLimitFields,
};
pub use self::layer::QuotaLayer;
pub use self::ledger::memory::MemoryLedger;
pub use self::ledger::reservation::Reservation;
pub use self::limit::{Limit, Limits, LimitsOf, Unit};
pub use self::service::Quota;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::telemetry::Gauges;
#[cfg(feature = "load")]
pub use self::usage::Loaded;
pub use self::usage::{Handle, Headroom, LimitSnapshot, MeterKind, Snapshot};
