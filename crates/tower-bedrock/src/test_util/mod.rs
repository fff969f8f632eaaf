//! What mock services of a unit test answer with, in one line each.
//!
//! The values are of the types that [`Bedrock`](crate::Bedrock) and a stack answer with, so code that
//! is generic over `Service<Request<ConverseInput>>` cannot tell them apart. None of it needs a network,
//! a client or credentials. The [guide to testing](crate::docs::testing) goes on from here: scripts of
//! failures through the real layers, and a whole Bedrock in process.
//!
//! ```
//! use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
//! use tower::{Service, ServiceExt, service_fn};
//! use tower_bedrock::{Error, Request, Response, test_util};
//!
//! /// The code to be tested.
//! async fn output_tokens<S>(bedrock: S, input: ConverseInput) -> Result<u64, Error>
//! where
//!     S: Service<Request<ConverseInput>, Response = Response<ConverseOutput>, Error = Error>,
//! {
//!     let response = bedrock.oneshot(Request::new(input)).await?;
//!     Ok(response.meta().usage().map_or(0, |usage| usage.output_tokens))
//! }
//!
//! # fn input() -> ConverseInput { ConverseInput::builder().build().unwrap() }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let bedrock = service_fn(|_| async { Ok(test_util::text("Hello.")) });
//! assert_eq!(output_tokens(bedrock, input()).await.unwrap(), 5);
//!
//! let throttled = service_fn(|_| async { Err(test_util::throttled()) });
//! assert!(output_tokens(throttled, input()).await.is_err());
//! # }
//! ```

mod answer;
mod error;
mod stream;

pub use self::{
    answer::{USAGE, invoke_model, text, tool_call},
    error::{error, throttled},
    stream::{chunks, failing_stream, stream, tool_call_stream},
};
