use super::{Operation, plumbing, sealed};
use crate::{estimate, exchange::Head, sketch::Sketch, usage::Usage};
use aws_sdk_bedrockruntime::{
    operation::invoke_model::{InvokeModel, InvokeModelError, InvokeModelInput, InvokeModelOutput},
    types::{CountTokensInput, InvokeModelTokensRequest},
};
use serde::Deserialize;
use std::borrow::Cow;

impl Operation for InvokeModelInput {
    type Output = InvokeModelOutput;
    type Error = InvokeModelError;

    const NAME: &'static str = "InvokeModel";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl sealed::Exchange for InvokeModelInput {
    const DRAWS_TOKENS: bool = true;

    plumbing!(
        InvokeModel,
        invoke_model,
        InvokeModelOutput,
        InvokeModelError
    );

    fn sketch(&self) -> Sketch {
        let model = self.model_id.as_deref().unwrap_or_default();
        estimate::body::sketch(model, body(self))
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

    fn usage(_: &InvokeModelOutput, head: &Head) -> Option<Usage> {
        head.usage
    }

    fn is_complete(answer: &InvokeModelOutput) -> bool {
        serde_json::from_slice::<Ending<'_>>(answer.body.as_ref())
            .is_ok_and(|ending| ending.is_complete())
    }

    fn weight(answer: &InvokeModelOutput) -> u64 {
        (size_of::<InvokeModelOutput>() + answer.content_type.len() + answer.body.as_ref().len())
            as u64
    }
}

fn body(input: &InvokeModelInput) -> &[u8] {
    input.body.as_ref().map(AsRef::as_ref).unwrap_or_default()
}

/// Why the model stopped, under the names that Anthropic's and Amazon's models give it.
///
/// A family that is not known here counts as incomplete: better a call too many than half an
/// answer kept.
#[derive(Deserialize)]
struct Ending<'a> {
    #[serde(borrow, alias = "stopReason")]
    stop_reason: Option<Cow<'a, str>>,
}

impl Ending<'_> {
    fn is_complete(&self) -> bool {
        matches!(
            self.stop_reason.as_deref(),
            Some("end_turn" | "stop_sequence")
        )
    }
}
