//! What do the events come to? The message, as Converse would have answered it.

mod block;
mod document;
mod message;
mod message_builder;

pub use self::message_builder::MessageBuilder;
