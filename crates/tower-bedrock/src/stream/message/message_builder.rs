use super::block::{Block, Cut};
use crate::{
    error::{Error, ErrorKind},
    response::Ending,
};
use aws_sdk_bedrockruntime::{
    error::BuildError,
    operation::converse::ConverseOutput,
    types::{
        ConversationRole, ConverseMetrics, ConverseOutput as Output, ConverseStreamMetadataEvent,
        ConverseStreamOutput as Event, ConverseTrace, Message, MessageStopEvent,
    },
};
use std::{collections::BTreeMap, fmt};

/// Puts the events of a ConverseStream together: the answer that Converse would have given.
///
/// [`EventStream::message`](crate::EventStream::message) does so at once, and says what a message of a
/// stream is; this is for whoever shows the events as they come, too.
///
/// ```
/// use aws_sdk_bedrockruntime::types::{
///     ConverseStreamOutput as Event, MessageStopEvent, StopReason,
/// };
/// use tower_bedrock::{ErrorKind, MessageBuilder};
///
/// let mut message = MessageBuilder::new();
/// let stop = MessageStopEvent::builder().stop_reason(StopReason::EndTurn);
/// message.push(Event::MessageStop(stop.build().unwrap()));
/// assert_eq!(message.finish().unwrap().stop_reason, StopReason::EndTurn);
///
/// let nothing = MessageBuilder::new().finish();
/// assert_eq!(nothing.unwrap_err().kind(), ErrorKind::Truncated);
/// ```
#[derive(Default)]
pub struct MessageBuilder {
    role: Option<ConversationRole>,
    blocks: BTreeMap<i32, Block>,
    stop: Option<MessageStopEvent>,
    metadata: Option<ConverseStreamMetadataEvent>,
}

impl MessageBuilder {
    /// One without any event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next event. One of a newer kind than the SDK adds nothing.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::MessageStart(start) => self.role = Some(start.role),
            Event::ContentBlockStart(event) => {
                let started = event.start.and_then(Block::started);
                if let Some(block) = started {
                    self.blocks.insert(event.content_block_index, block);
                }
            }
            Event::ContentBlockDelta(event) => {
                if let Some(delta) = event.delta {
                    let block = self.blocks.entry(event.content_block_index).or_default();
                    block.add(delta);
                }
            }
            Event::ContentBlockStop(event) => {
                if let Some(block) = self.blocks.get_mut(&event.content_block_index) {
                    block.stop();
                }
            }
            Event::MessageStop(stop) => self.stop = Some(stop),
            Event::Metadata(metadata) => self.metadata = Some(metadata),
            _ => {}
        }
    }

    /// The message.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] if its `messageStop` has not come, and [`ErrorKind::Other`] if a tool use, a
    /// tool's result or an image has no start.
    pub fn finish(self) -> Result<ConverseOutput, Error> {
        if self.stop.is_none() {
            let message = "the message has not come to its end";
            return Err(Error::new(ErrorKind::Truncated, message));
        }
        self.build().map_err(|error| {
            let message = "the events of the stream make no message";
            Error::new(ErrorKind::Other, message).with_source(error)
        })
    }

    fn build(self) -> Result<ConverseOutput, BuildError> {
        let stop_reason = self.stop.as_ref().map(|stop| stop.stop_reason.clone());
        let ending = stop_reason
            .as_ref()
            .map(|reason| Ending::named(reason.as_str()));
        let is_cut_off = ending == Some(Ending::Truncated);
        let last = self.blocks.keys().next_back().copied();
        let content = self.blocks.into_iter().filter_map(|(index, block)| {
            let cut = if !is_cut_off {
                Cut::Nowhere
            } else if Some(index) == last || !block.is_stopped() {
                Cut::Here
            } else {
                Cut::Later
            };
            block.finish(cut).transpose()
        });
        let message = Message::builder()
            .role(self.role.unwrap_or(ConversationRole::Assistant))
            .set_content(Some(content.collect::<Result<_, _>>()?))
            .build()?;
        let output = ConverseOutput::builder()
            .output(Output::Message(message))
            .set_stop_reason(stop_reason)
            .set_additional_model_response_fields(
                self.stop
                    .and_then(|stop| stop.additional_model_response_fields),
            );
        let Some(metadata) = self.metadata else {
            return output.build();
        };
        let metrics = metadata.metrics.map(|metrics| {
            let metrics = ConverseMetrics::builder().latency_ms(metrics.latency_ms);
            metrics.build()
        });
        let trace = metadata.trace.map(|trace| {
            ConverseTrace::builder()
                .set_guardrail(trace.guardrail)
                .set_prompt_router(trace.prompt_router)
                .build()
        });
        output
            .set_usage(metadata.usage)
            .set_metrics(metrics.transpose()?)
            .set_trace(trace)
            .set_performance_config(metadata.performance_config)
            .set_service_tier(metadata.service_tier)
            .build()
    }
}

impl fmt::Debug for MessageBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBuilder")
            .field("blocks", &self.blocks.len())
            .field("is_complete", &self.stop.is_some())
            .finish_non_exhaustive()
    }
}
