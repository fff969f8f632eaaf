use super::{
    Ending, Operation,
    conversation::conversation,
    details::{Details, NOT_SET, UnaryDetails, bytes_of, plumbing},
};
use crate::{
    record::Recording,
    response::{Head, Response, Usage},
    stream,
};
use aws_sdk_bedrockruntime::{
    operation::converse::{Converse, ConverseError, ConverseInput, ConverseOutput},
    types::{ContentBlock, ConverseOutput as Output},
};

impl Operation for ConverseInput {
    type Response = Response<ConverseOutput>;
    type Output = ConverseOutput;
    type Error = ConverseError;

    const NAME: &'static str = "Converse";

    fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }
}

impl Details for ConverseInput {
    fn of_stream(recording: &Recording) -> Option<ConverseOutput> {
        stream::message_of(recording.bytes().clone())
    }

    conversation!(plumbing!(
        Converse,
        converse,
        ConverseInput,
        ConverseOutput,
        ConverseError
    ));

    fn ending(answer: &Response<ConverseOutput>) -> Ending {
        let blocks = match &answer.output {
            Some(Output::Message(message)) => message.content.as_slice(),
            _ => &[],
        };
        if blocks.iter().any(speaks) {
            Ending::named(answer.stop_reason.as_str())
        } else {
            Ending::Other
        }
    }

    fn weight(answer: &Response<ConverseOutput>) -> u64 {
        bytes_of::<ConverseOutput>(answer)
    }
}

impl UnaryDetails for ConverseInput {
    fn is_answer(answer: &ConverseOutput) -> bool {
        matches!(answer.output, Some(Output::Message(_))) || answer.stop_reason.as_str() != NOT_SET
    }

    fn usage(answer: &ConverseOutput, _: &Head) -> Option<Usage> {
        answer.usage.as_ref().map(Usage::from)
    }
}

/// Whether a block has anything for its reader: what the model thought is for nobody.
fn speaks(block: &ContentBlock) -> bool {
    match block {
        ContentBlock::Text(text) => !text.trim().is_empty(),
        ContentBlock::ReasoningContent(_) => false,
        _ => true,
    }
}
