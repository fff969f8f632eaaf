use super::{
    Ending, Operation,
    details::{Details, UnaryDetails, plumbing},
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::operation::start_async_invoke::{
    StartAsyncInvoke, StartAsyncInvokeError, StartAsyncInvokeInput, StartAsyncInvokeOutput,
};

impl Operation for StartAsyncInvokeInput {
    type Response = Response<StartAsyncInvokeOutput>;
    type Output = StartAsyncInvokeOutput;
    type Error = StartAsyncInvokeError;

    const NAME: &'static str = "StartAsyncInvoke";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for StartAsyncInvokeInput {
    /// Bedrock counts jobs at a time, not tokens.
    const DRAWS_TOKENS: bool = false;

    /// Two calls are two jobs.
    const CACHED: bool = false;

    /// The SDK gives a call without a token one of its own, so that attempts which were thought lost start
    /// no second job.
    const COMPLETED_BY_SDK: bool = true;

    fn completed(&self, sent: &Self) -> Option<Self> {
        let mut completed = self.clone();
        completed.client_request_token = sent.client_request_token.clone();
        Some(completed)
    }

    plumbing!(
        StartAsyncInvoke,
        start_async_invoke,
        StartAsyncInvokeInput,
        StartAsyncInvokeOutput,
        StartAsyncInvokeError,
        {
            set_client_request_token: client_request_token,
            set_model_id: model_id,
            set_model_input: model_input,
            set_output_data_config: output_data_config,
            set_tags: tags,
        }
    );

    fn set_model(&mut self, model: &str) {
        self.model_id = Some(model.to_owned());
    }

    fn outline(&self) -> Self {
        self.clone()
    }

    fn is_sampled(&self) -> bool {
        false
    }

    fn ending(_: &Response<StartAsyncInvokeOutput>) -> Ending {
        Ending::Other
    }

    fn weight(_: &Response<StartAsyncInvokeOutput>) -> u64 {
        size_of::<StartAsyncInvokeOutput>() as u64
    }
}

impl UnaryDetails for StartAsyncInvokeInput {
    fn is_answer(answer: &StartAsyncInvokeOutput) -> bool {
        !answer.invocation_arn.is_empty()
    }

    fn usage(_: &StartAsyncInvokeOutput, _: &Head) -> Option<Usage> {
        None
    }
}
