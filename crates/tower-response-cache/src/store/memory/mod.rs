//! The store in this process: [`memory_store`] has the entries, [`sweep`] says when to look for expired
//! ones, and [`weight`] what an entry takes.

mod memory_store;
mod sweep;
mod weight;

pub use self::memory_store::MemoryStore;
