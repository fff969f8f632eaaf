//! Which parts do the bodies of several formats share?

pub(crate) mod cache_point;
pub(crate) mod guardrail;
mod timing;

pub(crate) use self::timing::Timing;
