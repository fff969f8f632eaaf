//! What RFC 9111 says of one request and of one response: pure.
//!
//! [`request`] and [`response`] are the two questions; they read [`cache_control`], [`vary`] and
//! [`age`]. [`condition`] compares a request with what is stored for it.

mod age;
mod cache_control;
mod condition;
mod request;
mod response;
mod vary;

pub(super) use self::{
    condition::is_unchanged,
    request::{Demand, demand},
    response::{Lifetime, is_failure, lifetime, replaces},
};
