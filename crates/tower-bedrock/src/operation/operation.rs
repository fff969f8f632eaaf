use super::details::Details;
use crate::response::Reply;
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use std::{error::Error as StdError, fmt};

/// An SDK input that [`Bedrock`](crate::Bedrock) serves.
///
/// Sealed: use it as a bound, for a layer or a policy over all of them. Those whose answer comes as a
/// whole are [`UnaryOperation`](crate::UnaryOperation)s. `InvokeModelWithBidirectionalStream`, whose input goes
/// on, has no implementation.
pub trait Operation:
    Details<
        Answer = <Self as Operation>::Output,
        Failure = <Self as Operation>::Error,
        Reply = <Self as Operation>::Response,
    > + fmt::Debug
    + Clone
    + PartialEq
    + Send
    + Sync
    + 'static
{
    /// What a service answers with: the output, and how it came about.
    type Response: Reply;

    /// The SDK output of the operation.
    type Output: fmt::Debug + Send + Sync + 'static;

    /// The SDK's error of the operation, such as `ConverseError`.
    type Error: ProvideErrorMetadata + StdError + Send + Sync + 'static;

    /// The operation's name in the service model, such as `"Converse"`.
    const NAME: &'static str;

    /// The model, inference profile or ARN that the input names, in full.
    fn model_id(&self) -> Option<&str>;
}
