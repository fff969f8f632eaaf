//! What RFC 9111 says of one request and of one response: pure.
//!
//! [`request`] and [`response`] are the two questions; they read [`cache_control`], [`vary`] and
//! [`age`], which have times in [`delta_seconds`]. [`condition`] compares a request with what is stored for it, [`validation`] what is stored with
//! what the origin says of it, and [`location`] tells what an unsafe request changed.

mod age;
mod cache_control;
mod condition;
mod delta_seconds;
mod location;
mod request;
mod response;
mod validation;
mod vary;

pub(super) use self::{
    condition::is_unchanged,
    location::also_changed,
    request::{Demand, demand, is_kept},
    response::{Lifetime, is_failure, lifetime, replaces},
    validation::{ask_whether_changed, confirms, has_validator, outdates},
};
