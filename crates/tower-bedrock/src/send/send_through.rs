use super::SendThroughFuture;
use crate::{error::Error, operation::Operation, request::Request};
use tower_service::Service;

/// Sends what the SDK's own builders have made through a service: `.send().await` becomes
/// `.send_through(&stack).await`, and nothing else changes, for streams too.
///
/// ```no_run
/// # use aws_sdk_bedrockruntime::{Client, types::Message};
/// # use std::time::Duration;
/// use tower_bedrock::{SendThrough, Stack};
///
/// # async fn example(client: Client, stack: Stack, message: Message) -> Result<(), tower_bedrock::Error> {
/// let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// let converse = client.converse().model_id(model).messages(message);
/// let answer = converse.clone().send_through(&stack).await?;
/// println!("{:?}", answer.output());
///
/// // With options of this call.
/// let request = converse.into_request()?.tenant("team-a").timeout(Duration::from_secs(20));
/// let answer = request.send_through(&stack).await?;
/// # let _ = answer;
/// # Ok(())
/// # }
/// ```
///
/// The builder only makes the input. **The client that sends it is that of the service**, with its Region,
/// its credentials and its configuration; the builder's own is not used. `customize()` of a builder
/// makes a type that has no `send_through`: what it changes is
/// [`Request::customize`](crate::Request::customize) here.
///
/// Implemented for the builders of all operations that [`Bedrock`](crate::Bedrock) serves, for their inputs,
/// and for [`Request`]s.
pub trait SendThrough: Sized {
    /// The input of the operation.
    type Input: Operation;

    /// The request as it stands, to set [options](Request) of this call.
    ///
    /// # Errors
    ///
    /// If the builder lacks what its input requires.
    fn into_request(self) -> Result<Request<Self::Input>, Error>;

    /// Sends the request through a clone of `service`: a stack, [`Bedrock`](crate::Bedrock), or a mock.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the call. Nothing is sent before it is polled.
    ///
    /// # Errors
    ///
    /// Those of the service, and of [`into_request`](Self::into_request).
    fn send_through<S>(self, service: &S) -> SendThroughFuture<S, Self::Input>
    where
        S: Service<Request<Self::Input>, Error: From<Error>> + Clone,
    {
        SendThroughFuture::new(service.clone(), self.into_request())
    }
}

impl<I: Operation> SendThrough for Request<I> {
    type Input = I;

    fn into_request(self) -> Result<Self, Error> {
        Ok(self)
    }
}

impl<I: Operation> SendThrough for I {
    type Input = I;

    fn into_request(self) -> Result<Request<I>, Error> {
        Ok(self.into())
    }
}
