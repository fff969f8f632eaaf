use super::{
    Ending, Operation,
    details::{Details, NOTHING_REQUIRED, UnaryDetails, bytes_of, plumbing},
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::{
    operation::invoke_guardrail_checks::{
        InvokeGuardrailChecks, InvokeGuardrailChecksError, InvokeGuardrailChecksInput,
        InvokeGuardrailChecksOutput,
    },
    types::GuardrailChecksResults,
};

impl Operation for InvokeGuardrailChecksInput {
    type Response = Response<InvokeGuardrailChecksOutput>;
    type Output = InvokeGuardrailChecksOutput;
    type Error = InvokeGuardrailChecksError;

    const NAME: &'static str = "InvokeGuardrailChecks";

    /// Checks are made by no model that a caller names.
    fn model_id(&self) -> Option<&str> {
        None
    }
}

impl Details for InvokeGuardrailChecksInput {
    const DRAWS_TOKENS: bool = false;

    plumbing!(
        InvokeGuardrailChecks,
        invoke_guardrail_checks,
        InvokeGuardrailChecksInput,
        InvokeGuardrailChecksOutput,
        InvokeGuardrailChecksError,
        {
            set_messages: messages,
            set_checks: checks,
        }
    );

    fn outline(&self) -> Self {
        Self::builder().build().expect(NOTHING_REQUIRED)
    }

    fn is_sampled(&self) -> bool {
        false
    }

    /// Nothing names a version of the checks, so that they can change at any time.
    fn ending(_: &Response<InvokeGuardrailChecksOutput>) -> Ending {
        Ending::Other
    }

    fn weight(answer: &Response<InvokeGuardrailChecksOutput>) -> u64 {
        bytes_of::<InvokeGuardrailChecksOutput>(answer)
    }
}

impl UnaryDetails for InvokeGuardrailChecksInput {
    /// Of each check that was made there is a result. Without any, a text would pass unchecked.
    fn is_answer(answer: &InvokeGuardrailChecksOutput) -> bool {
        let nothing = GuardrailChecksResults::builder().build();
        answer
            .results
            .as_ref()
            .is_some_and(|results| *results != nothing)
    }

    /// Checks are charged by text units, not by tokens.
    fn usage(_: &InvokeGuardrailChecksOutput, _: &Head) -> Option<Usage> {
        None
    }
}
