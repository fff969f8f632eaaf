use tower::Service;
use tower_bedrock::{
    Error, EventStream, Request, Response,
    aws_sdk_bedrockruntime::{
        operation::{
            converse::{ConverseInput, ConverseOutput},
            converse_stream::ConverseStreamInput,
        },
        types::ConverseStreamOutput as Event,
    },
};

/// The model that the application asks.
pub const MODEL: &str = "us.amazon.nova-lite-v1:0";

/// A service that answers Converse: `Bedrock`, the stack around it, or a mock.
///
/// It is a short name for the bound, so that each function of the application need not spell it out.
pub trait Converse:
    Service<Request<ConverseInput>, Response = Response<ConverseOutput>, Error = Error>
{
}

impl<S> Converse for S where
    S: Service<Request<ConverseInput>, Response = Response<ConverseOutput>, Error = Error>
{
}

/// The same for ConverseStream.
pub trait ConverseStream:
    Service<Request<ConverseStreamInput>, Response = EventStream<Event>, Error = Error>
{
}

impl<S> ConverseStream for S where
    S: Service<Request<ConverseStreamInput>, Response = EventStream<Event>, Error = Error>
{
}
