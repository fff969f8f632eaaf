use super::{
    Ending, Operation,
    details::{
        Details, NOT_SET, NOTHING_REQUIRED, UnaryDetails, bytes_of, is_draft_guardrail, plumbing,
    },
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::{
    operation::apply_guardrail::{
        ApplyGuardrail, ApplyGuardrailError, ApplyGuardrailInput, ApplyGuardrailOutput,
    },
    types::GuardrailAction,
};

impl Operation for ApplyGuardrailInput {
    type Response = Response<ApplyGuardrailOutput>;
    type Output = ApplyGuardrailOutput;
    type Error = ApplyGuardrailError;

    const NAME: &'static str = "ApplyGuardrail";

    /// A guardrail is no model.
    fn model_id(&self) -> Option<&str> {
        None
    }
}

impl Details for ApplyGuardrailInput {
    const DRAWS_TOKENS: bool = false;

    plumbing!(
        ApplyGuardrail,
        apply_guardrail,
        ApplyGuardrailInput,
        ApplyGuardrailOutput,
        ApplyGuardrailError,
        {
            set_guardrail_identifier: guardrail_identifier,
            set_guardrail_version: guardrail_version,
            set_source: source,
            set_content: content,
            set_output_scope: output_scope,
        }
    );

    fn outline(&self) -> Self {
        let builder = Self::builder()
            .set_guardrail_identifier(self.guardrail_identifier.clone())
            .set_guardrail_version(self.guardrail_version.clone());
        builder.build().expect(NOTHING_REQUIRED)
    }

    fn is_under_draft(&self) -> bool {
        is_draft_guardrail(self.guardrail_identifier(), self.guardrail_version())
    }

    fn is_sampled(&self) -> bool {
        false
    }

    /// A verdict is whole, whatever it is.
    fn ending(answer: &Response<ApplyGuardrailOutput>) -> Ending {
        match answer.action {
            GuardrailAction::None | GuardrailAction::GuardrailIntervened => Ending::Complete,
            _ => Ending::Other,
        }
    }

    fn weight(answer: &Response<ApplyGuardrailOutput>) -> u64 {
        bytes_of::<ApplyGuardrailOutput>(answer)
    }
}

impl UnaryDetails for ApplyGuardrailInput {
    fn is_answer(answer: &ApplyGuardrailOutput) -> bool {
        answer.action.as_str() != NOT_SET
    }

    /// Guardrails are charged by text units, not by tokens.
    fn usage(_: &ApplyGuardrailOutput, _: &Head) -> Option<Usage> {
        None
    }
}
