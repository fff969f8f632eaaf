#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod buckets;
mod circuit;
mod circuits;
mod classify;
mod error;
mod future;
mod gate;
mod handle;
mod key;
mod keyed;
mod lane;
mod layer;
mod open_time;
mod permit;
mod policy;
mod ring;
mod service;
mod settings;
mod slot;
mod snapshot;
mod state;
mod sync;
mod tally;
mod telemetry;
mod window;

pub use self::circuits::Circuits;
pub use self::classify::{Classify, Outcome};
pub use self::error::Open;
pub use self::future::ResponseFuture;
pub use self::handle::Handle;
pub use self::key::{KeyOf, SingleCircuit};
pub use self::layer::CircuitBreakerLayer;
pub use self::policy::{Abandoned, Throttles};
pub use self::service::CircuitBreaker;
pub use self::snapshot::Snapshot;
pub use self::state::State;
pub use self::window::Window;
