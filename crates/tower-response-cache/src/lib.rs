#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod by_key;
mod cache;
mod call;
mod entry;
mod flights;
mod future;
mod handle;
mod keep;
mod layer;
mod lookup;
mod memory;
mod miss;
mod policy;
mod service;
mod stats;
mod status;
mod store;
mod table;
mod telemetry;

pub use self::{
    by_key::ByKey,
    entry::Entry,
    future::ResponseFuture,
    handle::Handle,
    keep::Keep,
    layer::ResponseCacheLayer,
    lookup::Lookup,
    memory::MemoryStore,
    policy::Policy,
    service::ResponseCache,
    stats::Stats,
    status::CacheStatus,
    store::{Store, StoreStats},
};
