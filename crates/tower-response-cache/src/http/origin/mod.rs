//! What stands behind the cache, in front of the inner service.
//!
//! [`service`] calls it for a [`purpose`], [`future`] is that call, and [`judge`] says what becomes of what it
//! answers; [`collecting`] has what may be kept while [`collect`] reads its body.

mod collect;
mod collecting;
mod future;
mod judge;
mod purpose;
mod service;

pub(super) use self::service::Origin;
