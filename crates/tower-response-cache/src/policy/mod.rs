//! What is to be done with a request and with what comes of it?
//!
//! [`policy`] asks all the questions and [`by_key`] is the short answer; the rest are the words of
//! the answers.

mod by_key;
mod keep;
mod keep_ticket;
mod lookup;
mod policy;
mod status;
mod status_header;

pub(crate) use self::keep_ticket::KeepLater;
pub use self::{
    by_key::ByKey, keep::Keep, keep_ticket::KeepTicket, lookup::Lookup, policy::Policy,
};
pub use self::{status::CacheStatus, status_header::CacheStatusHeader};
