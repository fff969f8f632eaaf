//! Where are answers kept, and what is one good for?
//!
//! Read [`store`] first, the level at hand; [`remote`] is the one behind it.

mod entry;
mod freshness;
mod memory;
pub(crate) mod remote;
mod scope;
mod snapshot;
mod store;

pub(crate) use self::scope::Scope;
pub use self::{
    entry::Entry, freshness::Freshness, memory::MemoryStore, snapshot::StoreSnapshot, store::Store,
};
