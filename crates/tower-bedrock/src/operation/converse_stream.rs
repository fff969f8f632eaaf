use super::{
    Ending, Operation,
    conversation::conversation,
    details::{Details, sending},
};
use crate::{
    codec::Codec,
    error::Error,
    response::Head,
    stream::{self, EventStream, StreamTerms},
};
use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    operation::converse_stream::{ConverseStreamError, ConverseStreamInput, ConverseStreamOutput},
    types::ConverseStreamOutput as Event,
};

impl Operation for ConverseStreamInput {
    type Response = EventStream<Event>;
    type Output = ConverseStreamOutput;
    type Error = ConverseStreamError;

    const NAME: &'static str = "ConverseStream";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for ConverseStreamInput {
    const STREAM_OF: Option<&'static str> = Some(ConverseInput::NAME);

    type Reply = EventStream<Event>;

    conversation!(sending!(
        converse_stream,
        ConverseStreamOutput,
        ConverseStreamError
    ));

    async fn reply(
        output: ConverseStreamOutput,
        head: Head,
        terms: StreamTerms,
    ) -> Result<Self::Reply, Error> {
        EventStream::answered(output.stream, head, terms).await
    }

    fn codec() -> &'static Codec<Self, ConverseStreamOutput, ConverseStreamError> {
        stream::converse_codec()
    }

    /// The end is not there yet.
    fn ending(_: &Self::Reply) -> Ending {
        Ending::Other
    }

    fn weight(_: &Self::Reply) -> u64 {
        0
    }
}
