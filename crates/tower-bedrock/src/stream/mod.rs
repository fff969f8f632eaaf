//! How is an answer read that comes in pieces?
//!
//! Read `event_stream`, then `live`, which judges what comes, and `progress`, which is pure.

mod event;
mod event_stream;
mod live;
mod live_share;
mod message;
mod progress;
mod recorded;
mod reply;
mod source;
mod stream_limits;
mod stream_terms;
mod text;

pub use self::{
    event::StreamEvent, event_stream::EventStream, message::MessageBuilder,
    stream_limits::StreamLimits, text::TextStream,
};
pub(crate) use self::{
    event::{converse_codec, invoke_model_codec},
    live_share::is_live,
    recorded::{message_of, usage_of},
    stream_terms::StreamTerms,
};

#[cfg(feature = "test-util")]
pub(crate) use self::message::document;

#[cfg(test)]
mod tests;
