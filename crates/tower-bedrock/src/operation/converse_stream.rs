use super::{
    Ending, Operation,
    details::{Details, NOTHING_REQUIRED, is_draft_guardrail, sending},
};
use crate::{
    codec::Codec,
    error::Error,
    estimate::{Estimate, converse::Prompt},
    response::Head,
    stream::{self, EventStream, StreamTerms},
};
use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    operation::converse_stream::{ConverseStreamError, ConverseStreamInput, ConverseStreamOutput},
    types::{ConverseStreamOutput as Event, ConverseTokensRequest, CountTokensInput},
};

impl Operation for ConverseStreamInput {
    type Response = EventStream<Event>;
    type Output = ConverseStreamOutput;
    type Error = ConverseStreamError;

    const NAME: &'static str = "ConverseStream";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for ConverseStreamInput {
    const UNREAD_MEMBERS: &'static [&'static str] = &["requestMetadata"];

    const DRAWS_TOKENS: bool = true;

    const STREAM_OF: Option<&'static str> = Some(ConverseInput::NAME);

    type Reply = EventStream<Event>;

    sending!(
        converse_stream,
        ConverseStreamOutput,
        ConverseStreamError,
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

    async fn reply(
        output: ConverseStreamOutput,
        head: Head,
        terms: StreamTerms,
    ) -> Result<Self::Reply, Error> {
        EventStream::answered(output.stream, head, terms).await
    }

    fn codec() -> &'static Codec<Self, ConverseStreamOutput, ConverseStreamError> {
        stream::converse_codec()
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

    /// The end is not there yet.
    fn ending(_: &Self::Reply) -> Ending {
        Ending::Other
    }

    fn weight(_: &Self::Reply) -> u64 {
        0
    }
}
