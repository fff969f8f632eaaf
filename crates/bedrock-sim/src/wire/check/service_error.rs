use std::time::Duration;

use serde_json::{Value, json};

/// An error as Bedrock answers it.
///
/// Deliberately without `Debug`: a message may quote a prompt.
pub(crate) struct ServiceError {
    pub(crate) status: u16,
    /// Empty for an answer without an error type.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// How long the service takes to answer so.
    pub(crate) delay: Duration,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) retry_after_s: Option<u64>,
}

impl ServiceError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            delay: Duration::ZERO,
            retry_after_ms: None,
            retry_after_s: None,
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new(400, "SerializationException", message)
    }

    pub(crate) fn body(&self) -> Value {
        match self.code {
            // The model's own error, which the service passes on as it is.
            "overloaded_error" => json!({
                "type": "error",
                "error": {"type": self.code, "message": self.message},
                "message": self.message,
            }),
            "ModelErrorException" => json!({
                "message": self.message,
                "originalStatusCode": 500,
                "resourceName": "",
            }),
            "ModelStreamErrorException" => json!({
                "message": self.message,
                "originalStatusCode": 500,
                "originalMessage": self.message,
            }),
            _ => json!({"message": self.message}),
        }
    }
}
