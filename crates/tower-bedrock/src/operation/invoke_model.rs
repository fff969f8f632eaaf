use super::{
    Ending, Operation,
    details::{Details, plumbing},
    invoke_body::{Answered, Asked},
};
use crate::{
    estimate::{self, Estimate},
    response::{Head, Usage},
};
use aws_sdk_bedrockruntime::{
    operation::invoke_model::{InvokeModel, InvokeModelError, InvokeModelInput, InvokeModelOutput},
    types::{CountTokensInput, InvokeModelTokensRequest},
};

impl Operation for InvokeModelInput {
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
        InvokeModelError
    );

    fn estimate(&self) -> Estimate {
        let model = self.model_id.as_deref().unwrap_or_default();
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

    fn usage(_: &InvokeModelOutput, head: &Head) -> Option<Usage> {
        head.usage
    }

    /// An embedding is computed, not drawn.
    fn is_sampled(&self) -> bool {
        let model_id = self.model_id.as_deref();
        let embeds = model_id.is_some_and(|model| model.contains("embed"));
        let asked = serde_json::from_slice::<Asked>(body(self));
        let temperature = asked.ok().and_then(|asked| asked.temperature());
        !embeds && temperature != Some(0.0)
    }

    fn ending(answer: &InvokeModelOutput) -> Ending {
        serde_json::from_slice::<Answered<'_>>(answer.body.as_ref())
            .map_or(Ending::Other, |answered| answered.ending())
    }

    fn weight(answer: &InvokeModelOutput) -> u64 {
        (size_of::<InvokeModelOutput>() + answer.content_type.len() + answer.body.as_ref().len())
            as u64
    }
}

fn body(input: &InvokeModelInput) -> &[u8] {
    input.body.as_ref().map(AsRef::as_ref).unwrap_or_default()
}
