// On this page the README's links lead to the guides as rustdoc shows them: a first definition wins.
#![doc = "[what is kept]: docs::what_is_kept"]
#![doc = "[who makes the call]: docs::who_makes_the_call"]
#![doc = "[remote store]: docs::remote_store"]
#![doc = "[for HTTP]: docs::http"]
#![doc = "[Stacking]: docs::stacking"]
#![doc = "[telemetry and cost]: docs::telemetry_and_cost"]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod counters;
#[cfg(any(doc, doctest))]
pub mod docs;
mod error;
mod flight;
mod future;
mod handle;
#[cfg(feature = "http")]
mod http;
mod invalidation;
mod layer;
mod policy;
mod service;
mod settings;
mod snapshot;
mod store;
mod telemetry;

#[cfg(feature = "http")]
pub use self::http::{HttpCache, HttpCacheBody, HttpCacheFuture, HttpCacheHandle, HttpCacheLayer};
pub use self::policy::{ByKey, CacheStatus, CacheStatusHeader, Keep, KeepTicket, Lookup, Policy};
pub use self::snapshot::Snapshot;
pub use self::store::remote::{Codec, Outdated, RemoteEntry, RemoteSnapshot, RemoteStore};
pub use self::store::remote::{RemoteFlight, RemoteLead, SharedMemory};
pub use self::store::{Entry, Freshness, MemoryStore, Store, StoreSnapshot};
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::telemetry::Gauges;
pub use self::{error::NotInvalidated, handle::Handle, invalidation::Invalidation};
pub use self::{future::ResponseFuture, layer::ResponseCacheLayer, service::ResponseCache};
