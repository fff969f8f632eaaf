//! What does a caller hand in? An SDK input, and what is to be done about it.

mod attempts;
mod cache_use;
mod contents;
mod conversation;
mod customized;
mod options;
mod priority;
mod request;

pub(crate) use self::{
    attempts::Attempts,
    conversation::{Beginning, Conversation},
    customized::Customized,
};
pub use self::{cache_use::CacheUse, options::Options, priority::Priority, request::Request};
