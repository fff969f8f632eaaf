//! What does an event say? The events of each operation, and the chunks of each family of models.

mod choices;
mod chunk;
mod converse;
mod response_stream;
mod stream_event;
mod tells;

#[cfg(test)]
pub(super) use self::stream_event::EventDetails;
pub use self::stream_event::StreamEvent;
pub(super) use self::{choices::Choices, tells::Tells};
pub(crate) use self::{
    converse::codec as converse_codec, response_stream::codec as invoke_model_codec,
};
