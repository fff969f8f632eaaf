#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod by_key;
mod cache;
mod call;
mod codec;
mod entry;
mod far;
mod flight;
mod flights;
mod freshness;
mod future;
mod handle;
mod invalidation;
mod keep;
mod layer;
mod lookup;
mod memory;
mod miss;
mod policy;
mod record;
mod remote;
mod service;
mod stats;
mod status;
mod store;
mod table;
mod telemetry;
mod work;

pub use self::{
    by_key::ByKey,
    codec::Codec,
    entry::Entry,
    freshness::Freshness,
    future::ResponseFuture,
    handle::Handle,
    invalidation::{Invalidation, NotInvalidated},
    keep::Keep,
    layer::ResponseCacheLayer,
    lookup::Lookup,
    memory::MemoryStore,
    policy::Policy,
    remote::{Remote, RemoteStore},
    service::ResponseCache,
    stats::{RemoteStats, Stats},
    status::{CacheStatus, CacheStatusHeader},
    store::{Store, StoreStats},
};
