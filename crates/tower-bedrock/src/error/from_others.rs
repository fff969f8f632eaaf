//! What comes out of layers of other crates, and of the SDK's builders.

use super::{Error, ErrorKind, chain::chain};
use aws_sdk_bedrockruntime::error::BuildError;
use std::{error::Error as StdError, sync::Arc};

impl Error {
    /// Takes one of these errors out of a box, from wherever it is in the chain of sources; anything
    /// else is [`ErrorKind::Other`] with that as its source.
    ///
    /// Retries and circuits around a layer that boxes its errors, such as tower's `Buffer`, see the
    /// kind that the inner service gave. Its place is `map_err`:
    ///
    /// ```
    /// use tower::{ServiceBuilder, service_fn};
    /// use tower_bedrock::{Error, StackLayer};
    /// # use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
    /// # use tower_bedrock::{ErrorKind, Request, Response};
    /// # async fn example() {
    /// # let bedrock = service_fn(|_: Request<ConverseInput>| async {
    /// #     Err::<Response<ConverseOutput>, _>(Error::new(ErrorKind::Other, ""))
    /// # });
    /// let stack = ServiceBuilder::new()
    ///     .layer(StackLayer::new("us-east-1"))
    ///     .map_err(Error::from_boxed)
    ///     .buffer(8)
    ///     .service(bedrock);
    /// # }
    /// ```
    #[must_use]
    pub fn from_boxed(error: Box<dyn StdError + Send + Sync>) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(own) => return *own,
            Err(error) => error,
        };
        if let Some(own) = chain(&*error).find_map(|cause| cause.downcast_ref::<Self>()) {
            return own.clone();
        }
        let mut other = Self::new(ErrorKind::Other, error.to_string());
        other.repr_mut().source = Some(Arc::from(error));
        other
    }
}

impl From<Box<dyn StdError + Send + Sync>> for Error {
    /// As [`Error::from_boxed`].
    fn from(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self::from_boxed(error)
    }
}

impl From<BuildError> for Error {
    /// An input that lacks what the SDK requires is [`ErrorKind::Invalid`].
    fn from(error: BuildError) -> Self {
        Self::new(ErrorKind::Invalid, error.to_string()).with_source(error)
    }
}
