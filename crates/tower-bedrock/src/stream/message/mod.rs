//! What do the events come to? The message, as Converse would have answered it.

mod assembly;
mod block;
mod document;
mod message;
