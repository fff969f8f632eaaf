//! What the examples share: where their calls go, and what they count on the way.

mod target;
mod throttles;

pub use self::{target::Target, throttles::Throttles};
