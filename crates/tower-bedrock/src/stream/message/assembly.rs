use super::block::{Block, Cut};
use crate::response::Ending;
use aws_sdk_bedrockruntime::{
    error::BuildError,
    operation::converse::ConverseOutput,
    types::{
        ConversationRole, ConverseMetrics, ConverseOutput as Output, ConverseStreamMetadataEvent,
        ConverseStreamOutput as Event, ConverseTrace, Message, MessageStopEvent,
    },
};
use std::collections::BTreeMap;

/// A message on its way.
#[derive(Default)]
pub(super) struct Assembly {
    role: Option<ConversationRole>,
    blocks: BTreeMap<i32, Block>,
    stop: Option<MessageStopEvent>,
    metadata: Option<ConverseStreamMetadataEvent>,
}

impl Assembly {
    pub(super) fn push(&mut self, event: Event) {
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

    pub(super) fn finish(self) -> Result<ConverseOutput, BuildError> {
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
