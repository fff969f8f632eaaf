//! How do processes share answers?
//!
//! [`remote_store`] is what a user brings, [`record`] what is written there, and [`floors`] which records
//! are too old to be read.

mod checksum;
mod codec;
mod erased;
mod floors;
mod outdated;
mod record;
mod remote;
mod remote_entry;
mod remote_store;
mod snapshot;
pub(crate) mod wall_clock;

pub(crate) use self::erased::{ErasedRemote, Unreachable, WithCodec};
pub(crate) use self::remote::{Remote, limited};
pub use self::{codec::Codec, outdated::Outdated, remote_entry::RemoteEntry};
pub use self::{remote_store::RemoteStore, snapshot::RemoteSnapshot};
