//! What do the events come to? The message, as Converse would have answered it.

mod block;
mod document;
mod message;
mod message_builder;

#[cfg(feature = "test-util")]
pub(crate) use self::document::document;
pub use self::message_builder::MessageBuilder;
