//! What does a result say about the service?

mod classify;
mod policy;

pub use self::classify::{Classify, Outcome};
pub use self::policy::{Abandoned, Throttles};
