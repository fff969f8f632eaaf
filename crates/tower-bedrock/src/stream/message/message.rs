use super::message_builder::MessageBuilder;
use crate::{error::Error, response::Response, stream::event_stream::EventStream};
use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput, types::ConverseStreamOutput as Event,
};

impl EventStream<Event> {
    /// Reads to the end and puts the events together: the answer that Converse would have given.
    ///
    /// Who shows the text as it comes, too, uses a [`MessageBuilder`].
    ///
    /// Content blocks stand in their order: text, reasoning with its signature, tool use with its input,
    /// citations with the text that they are of, tool results and images.
    ///
    /// Where a limit of tokens cut the answer off, as its stop reason says, a tool use whose input is not
    /// whole is left out: nobody is to run a tool with half of its input. Of the last block it is whole if
    /// it is an object of JSON, for a number or a bare word may have had more to come. Of an answer that
    /// was not cut off, input that is no JSON stands as a string. Numbers are what the SDK makes of them in
    /// an answer of Converse: one that is out of the range of `f64` is infinite.
    ///
    /// # Errors
    ///
    /// What ends the stream before its message does. A tool use, a tool's result or an image without its
    /// start make no message.
    pub async fn message(mut self) -> Result<Response<ConverseOutput>, Error> {
        let mut message = MessageBuilder::new();
        while let Some(event) = self.recv().await? {
            message.push(event);
        }
        let output = message.finish()?;
        Ok(Response::from_parts(output, self.meta().clone()))
    }
}
