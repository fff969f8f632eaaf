use super::{
    Ending, Operation,
    details::{Details, NOTHING_REQUIRED, UnaryDetails, bytes_of, of_a_model, plumbing},
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::operation::count_tokens::{
    CountTokens, CountTokensError, CountTokensInput, CountTokensOutput,
};

impl Operation for CountTokensInput {
    type Response = Response<CountTokensOutput>;
    type Output = CountTokensOutput;
    type Error = CountTokensError;

    const NAME: &'static str = "CountTokens";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for CountTokensInput {
    const DRAWS_TOKENS: bool = false;

    of_a_model!();

    plumbing!(
        CountTokens,
        count_tokens,
        CountTokensInput,
        CountTokensOutput,
        CountTokensError,
        {
            set_model_id: model_id,
            set_input: input,
        }
    );

    fn outline(&self) -> Self {
        let builder = Self::builder().set_model_id(self.model_id.clone());
        builder.build().expect(NOTHING_REQUIRED)
    }

    fn is_sampled(&self) -> bool {
        false
    }

    fn ending(_: &Response<CountTokensOutput>) -> Ending {
        Ending::Complete
    }

    fn weight(answer: &Response<CountTokensOutput>) -> u64 {
        bytes_of::<CountTokensOutput>(answer)
    }
}

impl UnaryDetails for CountTokensInput {
    fn is_answer(answer: &CountTokensOutput) -> bool {
        answer.input_tokens > 0
    }

    /// Counting is free of charge.
    fn usage(_: &CountTokensOutput, _: &Head) -> Option<Usage> {
        None
    }
}
