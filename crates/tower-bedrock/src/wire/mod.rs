//! The SDK's own serializers and deserializers: a typed input to the HTTP request that Bedrock
//! gets, and an HTTP response back to the typed output or error.
//!
//! Nothing here is an imitation. What is written and read is what the SDK's client would, because
//! it is the operation's own code, reached through the SDK's public runtime API. It serves
//! [operations](crate::Operation) whose answer has an end; a streamed one is another matter.
//!
//! A unit test gets a real output out of JSON text, or Bedrock's own errors out of a status:
//!
//! ```
//! use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseInput};
//! use tower_bedrock::wire;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let output = wire::output::<ConverseInput>(
//!     r#"{"output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
//!         "stopReason": "end_turn",
//!         "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
//!         "metrics": {"latencyMs": 200}}"#,
//! )?;
//! assert_eq!(output.usage.map(|usage| usage.total_tokens), Some(5));
//!
//! let throttled = http::Response::builder()
//!     .status(429)
//!     .header("x-amzn-errortype", "ThrottlingException")
//!     .body(r#"{"message": "Too many tokens, please wait before trying again."}"#)?;
//! let error = wire::decode::<ConverseInput>(throttled).unwrap_err();
//! assert!(matches!(error, ConverseError::ThrottlingException(_)));
//! # Ok(())
//! # }
//! ```

mod canonical;
mod convert;
mod error;
mod json;

pub(crate) use self::{
    canonical::{body, head},
    convert::{serialize, share},
};
pub use self::{
    convert::{canonical, decode, encode, output, response},
    error::EncodeError,
};
