use super::{
    chunk::Chunk,
    stream_event::{EventDetails, StreamEvent},
    tells::Tells,
};
use crate::codec::Codec;
use aws_sdk_bedrockruntime::{
    operation::invoke_model_with_response_stream::{
        InvokeModelWithResponseStream, InvokeModelWithResponseStreamError as Error,
        InvokeModelWithResponseStreamInput as Input, InvokeModelWithResponseStreamOutput as Output,
    },
    primitives::event_stream::EventReceiver,
    types::{ResponseStream, error::ResponseStreamError},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::sync::OnceLock;

pub(crate) fn codec() -> &'static Codec<Input, Output, Error> {
    static CODEC: OnceLock<Codec<Input, Output, Error>> = OnceLock::new();
    CODEC.get_or_init(|| Codec::of(&InvokeModelWithResponseStream::new()))
}

impl StreamEvent for ResponseStream {}

impl EventDetails for ResponseStream {
    type Exception = ResponseStreamError;

    const OPERATION: &'static str = "InvokeModelWithResponseStream";

    fn receiver(response: HttpResponse) -> Option<EventReceiver<Self, Self::Exception>> {
        let output = codec().receive(response)?;
        Some(output.body)
    }

    fn tells(&self) -> Tells {
        let is_known = matches!(self, Self::Chunk(_));
        let told = chunk(self).map(|chunk| chunk.tells());
        told.unwrap_or(Tells {
            is_known,
            ..Tells::default()
        })
    }

    fn into_text(self) -> String {
        chunk(&self).map_or_else(String::new, |chunk| chunk.text())
    }
}

fn chunk(event: &ResponseStream) -> Option<Chunk<'_>> {
    match event {
        ResponseStream::Chunk(part) => Chunk::read(part.bytes.as_ref()?.as_ref()),
        _ => None,
    }
}
