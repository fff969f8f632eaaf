use super::{
    Ending, Operation,
    details::{Details, UnaryDetails, bytes_of, plumbing},
    invocation::invocation,
    invoke_body::{self, Wordless},
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::operation::invoke_model::{
    InvokeModel, InvokeModelError, InvokeModelInput, InvokeModelOutput,
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
    invocation!(plumbing!(
        InvokeModel,
        invoke_model,
        InvokeModelInput,
        InvokeModelOutput,
        InvokeModelError
    ));

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
