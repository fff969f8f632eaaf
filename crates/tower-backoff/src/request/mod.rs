//! What does a request ask for, and can it be sent again?

mod limits;
mod overrides;
mod replay;

pub(crate) use self::limits::Limits;
pub use self::{
    overrides::{Overrides, RetryOptions},
    replay::{FromRequest, Replay, ReplayClone},
};
