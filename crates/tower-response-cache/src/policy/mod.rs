//! What is to be done with a request and with what comes of it?
//!
//! [`policy`] asks all the questions and [`by_key`] is the short answer; the rest are the words of
//! the answers.

mod by_key;
mod keep;
mod lookup;
mod policy;
mod status;
mod status_header;

pub use self::{by_key::ByKey, keep::Keep, lookup::Lookup, policy::Policy};
pub use self::{status::CacheStatus, status_header::CacheStatusHeader};
