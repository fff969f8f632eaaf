use super::{
    Ending, Operation,
    details::{
        Details, NOT_SET, NOTHING_REQUIRED, UnaryDetails, bytes_of, is_draft_guardrail, plumbing,
    },
};
use crate::{
    estimate::{Estimate, converse::Prompt},
    record::Recording,
    response::{Head, Response, Usage},
    stream,
};
use aws_sdk_bedrockruntime::{
    operation::converse::{Converse, ConverseError, ConverseInput, ConverseOutput},
    types::{ContentBlock, ConverseOutput as Output, ConverseTokensRequest, CountTokensInput},
};

impl Operation for ConverseInput {
    type Response = Response<ConverseOutput>;
    type Output = ConverseOutput;
    type Error = ConverseError;

    const NAME: &'static str = "Converse";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for ConverseInput {
    const UNREAD_MEMBERS: &'static [&'static str] = &["requestMetadata"];

    const DRAWS_TOKENS: bool = true;

    fn of_stream(recording: &Recording) -> Option<ConverseOutput> {
        stream::message_of(recording.bytes().clone())
    }

    plumbing!(
        Converse,
        converse,
        ConverseInput,
        ConverseOutput,
        ConverseError,
        {
            set_model_id: model_id,
            set_messages: messages,
            set_system: system,
            set_inference_config: inference_config,
            set_tool_config: tool_config,
            set_guardrail_config: guardrail_config,
            set_additional_model_request_fields: additional_model_request_fields,
            set_prompt_variables: prompt_variables,
            set_additional_model_response_field_paths: additional_model_response_field_paths,
            set_request_metadata: request_metadata,
            set_performance_config: performance_config,
            set_service_tier: service_tier,
            set_output_config: output_config,
        }
    );

    fn outline(&self) -> Self {
        let builder = Self::builder().set_model_id(self.model_id.clone());
        builder.build().expect(NOTHING_REQUIRED)
    }

    fn estimate(&self, _: &str) -> Estimate {
        let prompt = Prompt {
            messages: self.messages(),
            system: self.system(),
            tools: self.tool_config(),
            variables: self.prompt_variables(),
        };
        let limits = self.inference_config.as_ref();
        let max_tokens = limits.and_then(|limits| limits.max_tokens);
        Estimate {
            input_tokens: prompt.tokens(),
            max_output_tokens: max_tokens.map(|tokens| u64::try_from(tokens).unwrap_or(0)),
        }
    }

    fn to_count(&self) -> Option<CountTokensInput> {
        let request = ConverseTokensRequest::builder()
            .set_messages(self.messages.clone())
            .set_system(self.system.clone())
            .set_tool_config(self.tool_config.clone())
            .set_additional_model_request_fields(self.additional_model_request_fields.clone())
            .build();
        Some(CountTokensInput::Converse(request))
    }

    fn is_under_draft(&self) -> bool {
        let guardrail = self.guardrail_config.as_ref();
        guardrail.is_some_and(|guardrail| {
            let version = guardrail.guardrail_version();
            is_draft_guardrail(Some(guardrail.guardrail_identifier()), Some(version))
        })
    }

    fn is_sampled(&self) -> bool {
        let inference = self.inference_config.as_ref();
        inference.and_then(|inference| inference.temperature) != Some(0.0)
    }

    fn ending(answer: &Response<ConverseOutput>) -> Ending {
        let blocks = match &answer.output {
            Some(Output::Message(message)) => message.content.as_slice(),
            _ => &[],
        };
        if blocks.iter().any(speaks) {
            Ending::named(answer.stop_reason.as_str())
        } else {
            Ending::Other
        }
    }

    fn weight(answer: &Response<ConverseOutput>) -> u64 {
        bytes_of::<ConverseOutput>(answer)
    }
}

impl UnaryDetails for ConverseInput {
    fn is_answer(answer: &ConverseOutput) -> bool {
        matches!(answer.output, Some(Output::Message(_))) || answer.stop_reason.as_str() != NOT_SET
    }

    fn usage(answer: &ConverseOutput, _: &Head) -> Option<Usage> {
        answer.usage.as_ref().map(Usage::from)
    }
}

/// Whether a block has anything for its reader: what the model thought is for nobody.
fn speaks(block: &ContentBlock) -> bool {
    match block {
        ContentBlock::Text(text) => !text.trim().is_empty(),
        ContentBlock::ReasoningContent(_) => false,
        _ => true,
    }
}
