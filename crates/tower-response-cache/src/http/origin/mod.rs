//! What stands behind the cache, in front of the inner service.
//!
//! [`service`] calls it and [`future`] judges what it answers; [`collect`] reads the body of what is to
//! be kept.

mod collect;
mod future;
mod service;

pub(super) use self::service::Origin;
