//! What the service says to go with its errors, word for word.

pub(crate) const DENIED: &str = "You don't have access to the model with the specified model ID.";
pub(crate) const INVALID: &str =
    "The input fails to satisfy the constraints specified by the service.";
pub(crate) const MODEL_FAILED: &str =
    "The model encountered an unexpected error during processing. Try your request again.";
pub(crate) const MODEL_NOT_READY: &str =
    "The model is not ready for inference. Please try again later.";
pub(crate) const MODEL_STREAM_FAILED: &str =
    "The model encountered an error while streaming the response.";
pub(crate) const MODEL_TIMED_OUT: &str =
    "Model has timed out in processing the request. Try your request again.";
pub(crate) const NOT_FOUND: &str =
    "Could not resolve the foundation model from the provided model identifier.";
pub(crate) const OVER_QUOTA: &str = "Your request exceeds the service quota for your account.";
pub(crate) const REQUESTS: &str = "Too many requests, please wait before trying again.";
pub(crate) const TOKENS: &str = "Too many tokens, please wait before trying again.";
pub(crate) const TOKENS_PER_DAY: &str = "Too many tokens per day, please wait before trying again.";
pub(crate) const UNAVAILABLE: &str = "Bedrock is unable to process your request.";
pub(crate) const UNEXPECTED: &str =
    "The system encountered an unexpected error during processing. Try your request again.";
