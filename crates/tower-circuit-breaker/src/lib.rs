// On this page the README's links lead to the guides as rustdoc shows them: a first definition wins.
#![doc = "[When does it trip]: docs::when_it_trips"]
#![doc = "[when does it close]: docs::when_it_closes"]
#![doc = "[all calls fail]: docs::outages"]
#![doc = "[for HTTP]: docs::http"]
#![doc = "[Stacking]: docs::stacking"]
#![doc = "[telemetry and cost]: docs::telemetry_and_cost"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod circuit;
mod classify;
#[cfg(any(doc, doctest))]
pub mod docs;
mod error;
mod future;
mod handle;
#[cfg(feature = "http")]
mod http;
mod keyed;
mod layer;
#[cfg(feature = "load")]
mod loaded;
mod outage;
mod readiness;
mod service;
mod settings;
mod shared;
mod snapshot;
mod telemetry;
mod transition;
mod window;

pub use self::classify::{
    Abandoned, Classify, MakeClassifier, PerRequest, SharedClassifier, Throttles, Verdict,
};
pub use self::error::Open;
pub use self::future::ResponseFuture;
pub use self::handle::Handle;
#[cfg(feature = "http")]
pub use self::http::HttpClassifier;
#[cfg(feature = "http")]
pub use self::http::{HttpCircuitBreaker, HttpCircuitBreakerFuture, HttpCircuitBreakerLayer};
pub use self::keyed::{Circuits, KeyOf, SingleCircuit};
pub use self::layer::CircuitBreakerLayer;
#[cfg(feature = "load")]
pub use self::loaded::Loaded;
pub use self::outage::Outage;
pub use self::service::CircuitBreaker;
pub use self::shared::Outcome;
pub use self::snapshot::Snapshot;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::telemetry::Gauges;
pub use self::transition::{OpenedBy, State, Transition};
pub use self::window::Window;
