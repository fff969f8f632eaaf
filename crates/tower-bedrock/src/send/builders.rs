//! The SDK's builders, one for each operation that is served.

use super::SendThrough;
use crate::{error::Error, request::Request};
use aws_sdk_bedrockruntime::operation::{
    apply_guardrail::{ApplyGuardrailInput, builders::ApplyGuardrailFluentBuilder},
    converse::{ConverseInput, builders::ConverseFluentBuilder},
    converse_stream::{ConverseStreamInput, builders::ConverseStreamFluentBuilder},
    count_tokens::{CountTokensInput, builders::CountTokensFluentBuilder},
    get_async_invoke::{GetAsyncInvokeInput, builders::GetAsyncInvokeFluentBuilder},
    invoke_guardrail_checks::{
        InvokeGuardrailChecksInput, builders::InvokeGuardrailChecksFluentBuilder,
    },
    invoke_model::{InvokeModelInput, builders::InvokeModelFluentBuilder},
    invoke_model_with_response_stream::{
        InvokeModelWithResponseStreamInput, builders::InvokeModelWithResponseStreamFluentBuilder,
    },
    list_async_invokes::{ListAsyncInvokesInput, builders::ListAsyncInvokesFluentBuilder},
    start_async_invoke::{StartAsyncInvokeInput, builders::StartAsyncInvokeFluentBuilder},
};

macro_rules! builders {
    ($($builder:ty => $input:ty,)*) => {$(
        impl SendThrough for $builder {
            type Input = $input;

            fn into_request(self) -> Result<Request<$input>, Error> {
                // The SDK lends what it has built and gives it to nobody.
                Ok(Request::new(self.as_input().clone().build()?))
            }
        }
    )*};
}

builders! {
    ApplyGuardrailFluentBuilder => ApplyGuardrailInput,
    ConverseFluentBuilder => ConverseInput,
    ConverseStreamFluentBuilder => ConverseStreamInput,
    CountTokensFluentBuilder => CountTokensInput,
    GetAsyncInvokeFluentBuilder => GetAsyncInvokeInput,
    InvokeGuardrailChecksFluentBuilder => InvokeGuardrailChecksInput,
    InvokeModelFluentBuilder => InvokeModelInput,
    InvokeModelWithResponseStreamFluentBuilder => InvokeModelWithResponseStreamInput,
    ListAsyncInvokesFluentBuilder => ListAsyncInvokesInput,
    StartAsyncInvokeFluentBuilder => StartAsyncInvokeInput,
}
