use super::tells::Tells;
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{error::Error as StdError, fmt};

/// An event of a stream: `types::ConverseStreamOutput` of ConverseStream, and `types::ResponseStream`
/// of InvokeModelWithResponseStream.
///
/// Sealed: use it as a bound.
pub trait StreamEvent:
    EventDetails + Clone + fmt::Debug + PartialEq + Send + Sync + Unpin + 'static
{
}

/// What the crate asks of an event behind the scenes. It seals `StreamEvent`, as nobody outside can
/// name it.
pub trait EventDetails: Sized {
    /// The SDK's error for an exception in the stream.
    type Exception: StdError + Send + Sync + 'static;

    /// The operation of the stream.
    const OPERATION: &'static str;

    /// The SDK's own reader of a response's body; `None` if the SDK makes nothing of the response.
    fn receiver(response: HttpResponse) -> Option<EventReceiver<Self, Self::Exception>>;

    fn tells(&self) -> Tells;

    /// The text that the event adds to the answer; empty where it adds none.
    fn into_text(self) -> String;
}
