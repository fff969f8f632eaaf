#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod counters;
mod error;
mod flight;
mod future;
mod handle;
mod invalidation;
mod layer;
mod policy;
mod service;
mod settings;
mod snapshot;
mod store;
mod telemetry;

pub use self::{
    error::NotInvalidated,
    future::ResponseFuture,
    handle::Handle,
    invalidation::Invalidation,
    layer::ResponseCacheLayer,
    policy::{ByKey, CacheStatus, CacheStatusHeader, Keep, Lookup, Policy},
    service::ResponseCache,
    snapshot::Snapshot,
    store::{
        Entry, Freshness, MemoryStore, Store, StoreSnapshot,
        remote::{Codec, RemoteEntry, RemoteSnapshot, RemoteStore},
    },
};
