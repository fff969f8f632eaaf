//! How do processes share answers?
//!
//! [`remote_store`] is what a user brings, [`record`] what is written there.

mod codec;
mod erased;
mod record;
mod remote_entry;
mod remote_store;
mod snapshot;

pub(crate) use self::erased::{ErasedRemote, Unreachable, WithCodec};
pub use self::{codec::Codec, remote_entry::RemoteEntry};
pub use self::{remote_store::RemoteStore, snapshot::RemoteSnapshot};
