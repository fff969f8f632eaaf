//! Where are answers kept, and how long is one of use?
//!
//! Read [`store`] first, the trait of a store in this process, and [`memory`], the default one. An
//! [`entry`] decides by its times; [`remote`] is the store behind.

mod entry;
mod freshness;
mod memory;
pub(crate) mod remote;
mod scope;
mod snapshot;
mod store;

pub(crate) use self::scope::Scope;
pub use self::{entry::Entry, freshness::Freshness, memory::MemoryStore};
pub use self::{snapshot::StoreSnapshot, store::Store};
