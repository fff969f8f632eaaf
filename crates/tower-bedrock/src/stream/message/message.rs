use super::assembly::Assembly;
use crate::{error::Error, response::Response, stream::event_stream::EventStream};
use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput, types::ConverseStreamOutput as Event,
};

impl EventStream<Event> {
    /// Reads to the end and puts the events together: the answer that Converse would have given.
    ///
    /// Content blocks stand in their order: text, reasoning with its signature, tool use with its input,
    /// citations with the text that they are of, tool results and images.
    ///
    /// Where a limit of tokens cut the answer off, as its stop reason says, a tool use whose input is not
    /// whole is left out: nobody is to run a tool with half of its input. Input that is whole and not
    /// JSON stands as a string.
    ///
    /// # Errors
    ///
    /// What ends the stream before its message does.
    pub async fn message(mut self) -> Result<Response<ConverseOutput>, Error> {
        let mut assembly = Assembly::default();
        while let Some(event) = self.recv().await? {
            assembly.push(event);
        }
        let output = assembly.finish().map_err(|error| {
            let message = "the events of the stream make no message";
            Error::new(crate::ErrorKind::Other, message).with_source(error)
        })?;
        Ok(Response::from_parts(output, self.meta().clone()))
    }
}
