use super::{
    stream_event::{EventDetails, StreamEvent},
    tells::Tells,
};
use crate::{
    codec::Codec,
    response::{Ending, Usage},
};
use aws_sdk_bedrockruntime::{
    operation::converse_stream::{
        ConverseStream, ConverseStreamError, ConverseStreamInput, ConverseStreamOutput as Output,
    },
    primitives::event_stream::EventReceiver,
    types::{
        ContentBlockDelta, ContentBlockDeltaEvent, ConverseStreamOutput,
        error::ConverseStreamOutputError,
    },
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::sync::OnceLock;

pub(crate) fn codec() -> &'static Codec<ConverseStreamInput, Output, ConverseStreamError> {
    static CODEC: OnceLock<Codec<ConverseStreamInput, Output, ConverseStreamError>> =
        OnceLock::new();
    CODEC.get_or_init(|| Codec::of(&ConverseStream::new()))
}

impl StreamEvent for ConverseStreamOutput {}

impl EventDetails for ConverseStreamOutput {
    type Exception = ConverseStreamOutputError;

    const OPERATION: &'static str = "ConverseStream";

    fn receiver(response: HttpResponse) -> Option<EventReceiver<Self, Self::Exception>> {
        let output = codec().receive(response)?;
        Some(output.stream)
    }

    /// The usage comes after `messageStop`, and is no end: a stream without that was cut.
    fn tells(&self) -> Tells {
        let known = Tells {
            is_known: true,
            tells_its_end: true,
            ..Tells::default()
        };
        match self {
            Self::ContentBlockDelta(event) => Tells {
                has_content: match &event.delta {
                    Some(ContentBlockDelta::Text(text)) => !text.trim().is_empty(),
                    // What the model thought is for nobody.
                    Some(ContentBlockDelta::ReasoningContent(_)) | None => false,
                    Some(_) => true,
                },
                text_bytes: match &event.delta {
                    Some(ContentBlockDelta::Text(text)) => text.len() as u64,
                    _ => 0,
                },
                ..known
            },
            Self::MessageStop(stop) => Tells {
                is_last: true,
                ending: Some(Ending::named(stop.stop_reason.as_str())),
                ..known
            },
            Self::Metadata(metadata) => Tells {
                usage: metadata.usage.as_ref().map(Usage::from),
                ..known
            },
            Self::ContentBlockStart(event) => Tells {
                has_content: event.start.is_some(),
                ..known
            },
            Self::MessageStart(_) | Self::ContentBlockStop(_) => known,
            _ => Tells::default(),
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::ContentBlockDelta(ContentBlockDeltaEvent {
                delta: Some(ContentBlockDelta::Text(text)),
                ..
            }) => text,
            _ => String::new(),
        }
    }
}
