//! What RFC 9111 says of one request and of one response: pure.
//!
//! [`request`] and [`response`] are the two questions; they read [`cache_control`], [`vary`] and
//! [`age`].

mod age;
mod cache_control;
mod request;
mod response;
mod vary;

pub(super) use self::{
    request::{Demand, demand},
    response::{Lifetime, is_failure, lifetime, replaces},
};
