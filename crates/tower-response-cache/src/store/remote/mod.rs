//! How do processes share answers?
//!
//! [`remote_store`] is what a user brings, [`record`] what is written there, and [`floors`] which records
//! are too old to be read. [`outage`] is when it is not asked, [`remote_flight`] how processes share a call,
//! and [`shared_memory`] how one hears of what others invalidate.

mod call_time;
mod checksum;
mod codec;
mod erased;
mod failure;
mod floors;
mod outage;
mod outdated;
mod record;
mod remote;
mod remote_entry;
mod remote_flight;
mod remote_store;
mod shared_memory;
mod snapshot;
pub(crate) mod wall_clock;

pub(crate) use self::erased::{ErasedRemote, Fetched, WithCodec};
pub(crate) use self::remote::{Remote, limited};
pub use self::{codec::Codec, outdated::Outdated, remote_entry::RemoteEntry};
pub(crate) use self::{failure::Failure, shared_memory::Forgets};
pub use self::{remote_flight::RemoteFlight, remote_flight::RemoteLead};
pub use self::{remote_store::RemoteStore, shared_memory::SharedMemory, snapshot::RemoteSnapshot};
