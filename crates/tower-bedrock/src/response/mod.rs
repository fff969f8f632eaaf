//! What a caller gets back: an SDK output, and how it came about.

mod head;
mod origin;
mod response;
mod usage;

pub(crate) use self::{head::Head, origin::Origin};
pub use self::{response::Response, usage::Usage};
