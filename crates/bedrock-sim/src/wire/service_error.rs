use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::call::reply::Reply;

/// An error as Bedrock answers it.
///
/// Deliberately without `Debug`: a message may quote a prompt.
pub(crate) struct ServiceError {
    pub(crate) status: u16,
    /// Empty for an answer without an error type.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) retry_after_s: Option<u64>,
}

impl ServiceError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
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

    pub(crate) fn into_reply(self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Reply::json(status, &self.body());
        if !self.code.is_empty() {
            // The suffix is what Bedrock sends; every SDK cuts the code at the colon.
            let kind = format!(
                "{}:http://internal.amazon.com/coral/com.amazon.bedrock/",
                self.code
            );
            let kind = HeaderValue::from_str(&kind).expect("error codes are plain ASCII");
            reply
                .headers
                .insert(HeaderName::from_static("x-amzn-errortype"), kind);
        }
        if let Some(wait) = self.retry_after_ms {
            reply
                .headers
                .insert(HeaderName::from_static("x-amz-retry-after"), wait.into());
        }
        if let Some(wait) = self.retry_after_s {
            reply.headers.insert(header::RETRY_AFTER, wait.into());
        }
        reply
    }

    fn body(&self) -> Value {
        match self.code {
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
