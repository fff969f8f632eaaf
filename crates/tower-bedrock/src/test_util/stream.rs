//! Answers that come in pieces.

use super::answer::{TOOL_USE_ID, token_usage};
use crate::{error::Error, stream::EventStream};
use aws_sdk_bedrockruntime::{
    primitives::Blob,
    types::{
        ContentBlockDelta, ContentBlockDeltaEvent, ContentBlockStart, ContentBlockStartEvent,
        ContentBlockStopEvent, ConversationRole, ConverseStreamMetadataEvent,
        ConverseStreamOutput as Event, MessageStartEvent, MessageStopEvent, PayloadPart,
        ResponseStream, StopReason, ToolUseBlockDelta, ToolUseBlockStart,
    },
};
use std::fmt::Display;

/// A stream of ConverseStream whose text comes in these pieces, whole, with its
/// [usage](super::USAGE) at the end.
///
/// Events that are put together otherwise are [`EventStream::from_events`].
#[must_use]
pub fn stream(pieces: impl IntoIterator<Item = impl Into<String>>) -> EventStream<Event> {
    let events = begin(pieces).chain([block_stops()]);
    EventStream::from_events(events.chain(end(StopReason::EndTurn)))
}

/// A stream of ConverseStream that fails with `error` after these pieces of text.
///
/// With an [`error`](super::error()) of kind [`Truncated`](crate::ErrorKind::Truncated) it is one that
/// breaks off, with [`throttled`](super::throttled) one that Bedrock throttles on its way. A service
/// that fails before the first event answers with the error itself.
#[must_use]
pub fn failing_stream(
    pieces: impl IntoIterator<Item = impl Into<String>>,
    error: Error,
) -> EventStream<Event> {
    EventStream::from_results(begin(pieces).map(Ok).chain([Err(error)]))
}

/// A stream of ConverseStream that asks for the tool `name` with this `input`, which comes in two
/// pieces: JSON, as text or as a `serde_json::Value`. The call's id is `"tooluse_1"`.
#[must_use]
pub fn tool_call_stream(name: impl Into<String>, input: impl Display) -> EventStream<Event> {
    let input = input.to_string();
    let (first, second) = input.split_at(input.floor_char_boundary(input.len() / 2));
    let begin = [message_starts(), tool_starts(name.into())];
    let pieces = [first, second].map(tool_input);
    let events = begin.into_iter().chain(pieces).chain([block_stops()]);
    EventStream::from_events(events.chain(end(StopReason::ToolUse)))
}

/// A stream of InvokeModelWithResponseStream of these chunks: JSON, as text or as
/// `serde_json::Value`s.
///
/// It is whole if the last one is what the model's family [ends with](crate::docs::streams), such as
/// `{"type": "message_stop"}`.
#[must_use]
pub fn chunks(chunks: impl IntoIterator<Item = impl Display>) -> EventStream<ResponseStream> {
    EventStream::from_events(chunks.into_iter().map(|chunk| {
        let bytes = Blob::new(chunk.to_string());
        ResponseStream::Chunk(PayloadPart::builder().bytes(bytes).build())
    }))
}

/// The events of a message up to the last piece of its text.
fn begin(pieces: impl IntoIterator<Item = impl Into<String>>) -> impl Iterator<Item = Event> {
    let pieces = pieces.into_iter();
    let pieces = pieces.map(|piece| delta(ContentBlockDelta::Text(piece.into())));
    [message_starts()].into_iter().chain(pieces)
}

/// The events that come after the last block.
fn end(stop: StopReason) -> [Event; 2] {
    let stop = MessageStopEvent::builder().stop_reason(stop).build();
    let metadata = ConverseStreamMetadataEvent::builder().usage(token_usage());
    [
        Event::MessageStop(stop.expect("the reason is set")),
        Event::Metadata(metadata.build()),
    ]
}

fn message_starts() -> Event {
    let start = MessageStartEvent::builder().role(ConversationRole::Assistant);
    Event::MessageStart(start.build().expect("the role is set"))
}

fn delta(delta: ContentBlockDelta) -> Event {
    let delta = ContentBlockDeltaEvent::builder()
        .content_block_index(0)
        .delta(delta);
    Event::ContentBlockDelta(delta.build().expect("the index is set"))
}

fn tool_starts(name: String) -> Event {
    let tool = ToolUseBlockStart::builder()
        .tool_use_id(TOOL_USE_ID)
        .name(name)
        .build()
        .expect("id and name are set");
    let start = ContentBlockStartEvent::builder()
        .content_block_index(0)
        .start(ContentBlockStart::ToolUse(tool));
    Event::ContentBlockStart(start.build().expect("the index is set"))
}

fn tool_input(piece: &str) -> Event {
    let tool = ToolUseBlockDelta::builder().input(piece).build();
    delta(ContentBlockDelta::ToolUse(tool.expect("the input is set")))
}

fn block_stops() -> Event {
    let stop = ContentBlockStopEvent::builder().content_block_index(0);
    Event::ContentBlockStop(stop.build().expect("the index is set"))
}
