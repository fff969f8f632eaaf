use super::{
    Ending, Operation,
    details::{Details, UnaryDetails, plumbing},
};
use crate::response::{Head, Response, Usage};
use aws_sdk_bedrockruntime::operation::get_async_invoke::{
    GetAsyncInvoke, GetAsyncInvokeError, GetAsyncInvokeInput, GetAsyncInvokeOutput,
};

impl Operation for GetAsyncInvokeInput {
    type Response = Response<GetAsyncInvokeOutput>;
    type Output = GetAsyncInvokeOutput;
    type Error = GetAsyncInvokeError;

    const NAME: &'static str = "GetAsyncInvoke";

    fn model_id(&self) -> Option<&str> {
        None
    }
}

impl Details for GetAsyncInvokeInput {
    const DRAWS_TOKENS: bool = false;

    /// Whoever asks how far a job is wants to know it now.
    const CACHED: bool = false;

    plumbing!(
        GetAsyncInvoke,
        get_async_invoke,
        GetAsyncInvokeInput,
        GetAsyncInvokeOutput,
        GetAsyncInvokeError,
        {
            set_invocation_arn: invocation_arn,
        }
    );

    fn outline(&self) -> Self {
        self.clone()
    }

    fn is_sampled(&self) -> bool {
        false
    }

    fn ending(_: &Response<GetAsyncInvokeOutput>) -> Ending {
        Ending::Other
    }

    fn weight(_: &Response<GetAsyncInvokeOutput>) -> u64 {
        size_of::<GetAsyncInvokeOutput>() as u64
    }
}

impl UnaryDetails for GetAsyncInvokeInput {
    fn is_answer(answer: &GetAsyncInvokeOutput) -> bool {
        !answer.invocation_arn.is_empty()
    }

    fn usage(_: &GetAsyncInvokeOutput, _: &Head) -> Option<Usage> {
        None
    }
}
