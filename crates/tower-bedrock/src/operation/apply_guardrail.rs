use super::{
    Ending, Operation,
    details::{Details, plumbing},
};
use crate::response::{Head, Usage};
use aws_sdk_bedrockruntime::operation::apply_guardrail::{
    ApplyGuardrail, ApplyGuardrailError, ApplyGuardrailInput, ApplyGuardrailOutput,
};

impl Operation for ApplyGuardrailInput {
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
        ApplyGuardrailError
    );

    /// Guardrails are charged by text units, not by tokens.
    fn usage(_: &ApplyGuardrailOutput, _: &Head) -> Option<Usage> {
        None
    }

    fn is_sampled(&self) -> bool {
        false
    }

    /// A draft guardrail can change under the same name, so its verdicts are never kept.
    fn ending(_: &ApplyGuardrailOutput) -> Ending {
        Ending::Other
    }

    fn weight(_: &ApplyGuardrailOutput) -> u64 {
        size_of::<ApplyGuardrailOutput>() as u64
    }
}
