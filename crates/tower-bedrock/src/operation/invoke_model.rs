use super::{
    Ending, Operation,
    details::{Details, UnaryDetails, bytes_of, is_draft_guardrail, plumbing},
    invoke_body::{self, Asked, Wordless},
};
use crate::{
    estimate::{self, Estimate},
    response::{Head, Response, Usage},
};
use aws_sdk_bedrockruntime::{
    operation::invoke_model::{InvokeModel, InvokeModelError, InvokeModelInput, InvokeModelOutput},
    types::{CountTokensInput, InvokeModelTokensRequest},
};
use serde::de::IgnoredAny;

impl Operation for InvokeModelInput {
    type Response = Response<InvokeModelOutput>;
    type Output = InvokeModelOutput;
    type Error = InvokeModelError;

    const NAME: &'static str = "InvokeModel";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for InvokeModelInput {
    const DRAWS_TOKENS: bool = true;

    plumbing!(
        InvokeModel,
        invoke_model,
        InvokeModelInput,
        InvokeModelOutput,
        InvokeModelError,
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

    /// An embedding or a ranking is computed, not drawn.
    fn is_sampled(&self) -> bool {
        let model_id = self.model_id.as_deref();
        let computes = |model: &str| model.contains("embed") || model.contains("rerank");
        let asked = serde_json::from_slice::<Asked>(body(self));
        let temperature = asked.ok().and_then(|asked| asked.temperature());
        !model_id.is_some_and(computes) && temperature != Some(0.0)
    }

    fn ending(answer: &Response<InvokeModelOutput>) -> Ending {
        invoke_body::ending(answer.body.as_ref())
    }

    fn weight(answer: &Response<InvokeModelOutput>) -> u64 {
        bytes_of::<InvokeModelOutput>(answer)
    }
}

impl UnaryDetails for InvokeModelInput {
    /// The SDK hands on whatever the body is. All but a text in JSON is as the caller asked for it.
    fn is_answer(answer: &InvokeModelOutput) -> bool {
        let body = answer.body.as_ref();
        let content_type = answer.content_type.trim();
        let is = |name: &str| {
            let start = content_type.get(..name.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        if is("application/json") {
            serde_json::from_slice::<IgnoredAny>(body).is_ok()
        } else {
            !body.is_empty() && !is("text/html")
        }
    }

    /// Where the answer is no text, nothing is said of output tokens, and there are none.
    fn usage(answer: &InvokeModelOutput, head: &Head) -> Option<Usage> {
        let of_input = || {
            let input_tokens = head.input_tokens?;
            let answered = serde_json::from_slice::<Wordless>(answer.body.as_ref());
            let is_wordless = answered.is_ok_and(|answered| answered.is());
            is_wordless.then_some(Usage::new(input_tokens, 0))
        };
        head.usage.or_else(of_input)
    }
}

fn body(input: &InvokeModelInput) -> &[u8] {
    input.body.as_ref().map(AsRef::as_ref).unwrap_or_default()
}
