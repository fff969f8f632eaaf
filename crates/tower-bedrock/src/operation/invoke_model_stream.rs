use super::{
    Ending, Operation,
    details::{Details, sending},
    invocation::invocation,
};
use crate::{
    codec::Codec,
    error::Error,
    response::Head,
    stream::{self, EventStream, StreamTerms},
};
use aws_sdk_bedrockruntime::{
    operation::invoke_model_with_response_stream::{
        InvokeModelWithResponseStreamError, InvokeModelWithResponseStreamInput,
        InvokeModelWithResponseStreamOutput,
    },
    types::ResponseStream,
};

impl Operation for InvokeModelWithResponseStreamInput {
    type Response = EventStream<ResponseStream>;
    type Output = InvokeModelWithResponseStreamOutput;
    type Error = InvokeModelWithResponseStreamError;

    const NAME: &'static str = "InvokeModelWithResponseStream";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for InvokeModelWithResponseStreamInput {
    type Reply = EventStream<ResponseStream>;

    invocation!(sending!(
        invoke_model_with_response_stream,
        InvokeModelWithResponseStreamOutput,
        InvokeModelWithResponseStreamError
    ));

    async fn reply(
        output: InvokeModelWithResponseStreamOutput,
        head: Head,
        terms: StreamTerms,
    ) -> Result<Self::Reply, Error> {
        EventStream::answered(output.body, head, terms).await
    }

    fn codec()
    -> &'static Codec<Self, InvokeModelWithResponseStreamOutput, InvokeModelWithResponseStreamError>
    {
        stream::invoke_model_codec()
    }

    /// The end is not there yet.
    fn ending(_: &Self::Reply) -> Ending {
        Ending::Other
    }

    fn weight(_: &Self::Reply) -> u64 {
        0
    }
}
