//! What does a caller hand in? An SDK input, and what is to be done about it.

mod cache_use;
mod contents;
mod options;
mod priority;
mod request;

pub use self::{cache_use::CacheUse, options::Options, priority::Priority, request::Request};
