use super::{
    Ending, Operation,
    details::{Details, is_draft_guardrail, sending},
    invoke_body::Asked,
};
use crate::{
    codec::Codec,
    error::Error,
    estimate::{self, Estimate},
    response::Head,
    stream::{self, EventStream, StreamTerms},
};
use aws_sdk_bedrockruntime::{
    operation::invoke_model_with_response_stream::{
        InvokeModelWithResponseStreamError, InvokeModelWithResponseStreamInput,
        InvokeModelWithResponseStreamOutput,
    },
    types::{CountTokensInput, InvokeModelTokensRequest, ResponseStream},
};

impl Operation for InvokeModelWithResponseStreamInput {
    type Response = EventStream<ResponseStream>;
    type Output = InvokeModelWithResponseStreamOutput;
    type Error = InvokeModelWithResponseStreamError;

    const NAME: &'static str = "InvokeModelWithResponseStream";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for InvokeModelWithResponseStreamInput {
    const DRAWS_TOKENS: bool = true;

    type Reply = EventStream<ResponseStream>;

    sending!(
        invoke_model_with_response_stream,
        InvokeModelWithResponseStreamOutput,
        InvokeModelWithResponseStreamError,
        {
            set_body: body,
            set_content_type: content_type,
            set_accept: accept,
            set_model_id: model_id,
            set_trace: trace,
            set_guardrail_identifier: guardrail_identifier,
            set_guardrail_version: guardrail_version,
            set_performance_config_latency: performance_config_latency,
            set_service_tier: service_tier,
            set_request_metadata: request_metadata,
        }
    );

    /// The SDK shares the bytes of a body between clones.
    fn outline(&self) -> Self {
        self.clone()
    }

    async fn reply(
        output: InvokeModelWithResponseStreamOutput,
        head: Head,
        terms: StreamTerms,
    ) -> Result<Self::Reply, Error> {
        EventStream::answered(output.body, head, terms).await
    }

    fn codec()
    -> &'static Codec<Self, InvokeModelWithResponseStreamOutput, InvokeModelWithResponseStreamError>
    {
        stream::invoke_model_codec()
    }

    fn estimate(&self, model: &str) -> Estimate {
        estimate::body::estimate(model, body(self))
    }

    fn body(&self) -> Option<&[u8]> {
        Some(body(self))
    }

    fn to_count(&self) -> Option<CountTokensInput> {
        let body = self.body.clone()?;
        let request = InvokeModelTokensRequest::builder()
            .body(body)
            .build()
            .ok()?;
        Some(CountTokensInput::InvokeModel(request))
    }

    fn is_under_draft(&self) -> bool {
        is_draft_guardrail(self.guardrail_identifier(), self.guardrail_version())
    }

    fn is_sampled(&self) -> bool {
        let asked = serde_json::from_slice::<Asked>(body(self));
        asked.ok().and_then(|asked| asked.temperature()) != Some(0.0)
    }

    /// The end is not there yet.
    fn ending(_: &Self::Reply) -> Ending {
        Ending::Other
    }

    fn weight(_: &Self::Reply) -> u64 {
        0
    }
}

fn body(input: &InvokeModelWithResponseStreamInput) -> &[u8] {
    input.body.as_ref().map(AsRef::as_ref).unwrap_or_default()
}
