//! What is stored, under which key, and what else is known of keys.
//!
//! [`key`] and [`response`] are what the store holds. [`generations`] make keys outdated, and [`unshared`]
//! remembers those without a response to be stored.

mod fields;
mod generations;
mod key;
mod response;
mod unshared;

use crate::{flight::Cache, store::MemoryStore};

pub(super) type HttpStore = MemoryStore<HttpKey, Stored>;
/// The store, the flights and the counts.
pub(super) type HttpCaching = Cache<HttpKey, Stored, HttpStore>;

pub(super) use self::key::{HttpKey, authority, path, target};
pub(super) use self::response::{Stored, StoredResponse, mark};
pub(super) use self::{generations::Generations, unshared::Unshared};
