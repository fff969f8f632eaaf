use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use super::playback::Playback;
use crate::model::TokenUsage;
use crate::wire::{ServiceError, Timing};

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody,
}

pub(crate) enum ReplyBody {
    Full(Bytes),
    Playback(Box<Playback>),
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        Self {
            status,
            headers,
            body: ReplyBody::Full(body.to_string().into()),
        }
    }

    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<HeaderValue>) {
        self.headers
            .insert(HeaderName::from_static(name), value.into());
    }

    /// The response of a front, which says what it makes of the body.
    pub(crate) fn into_response<B>(self, body: impl FnOnce(ReplyBody) -> B) -> Response<B> {
        let mut response = Response::new(body(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The usage of an `InvokeModel` answer, which its body need not tell.
    pub(crate) fn count_tokens(&mut self, usage: &TokenUsage, timing: Timing) {
        self.set("x-amzn-bedrock-input-token-count", usage.input);
        self.set("x-amzn-bedrock-output-token-count", usage.output);
        self.set("x-amzn-bedrock-invocation-latency", timing.whole);
        for (name, tokens) in [
            (
                "x-amzn-bedrock-cache-read-input-token-count",
                usage.cache.read,
            ),
            (
                "x-amzn-bedrock-cache-write-input-token-count",
                usage.cache.write,
            ),
        ] {
            if tokens > 0 {
                self.set(name, tokens);
            }
        }
    }
}

impl From<ServiceError> for Reply {
    fn from(error: ServiceError) -> Self {
        let status =
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Self::json(status, &error.body());
        if !error.code.is_empty() {
            // The suffix is what Bedrock sends; every SDK cuts the code at the colon.
            let kind = format!(
                "{}:http://internal.amazon.com/coral/com.amazon.bedrock/",
                error.code
            );
            let kind = HeaderValue::from_str(&kind).expect("error codes are plain ASCII");
            reply.set("x-amzn-errortype", kind);
        }
        if let Some(wait) = error.retry_after_ms {
            reply.set("x-amz-retry-after", wait);
        }
        if let Some(wait) = error.retry_after_s {
            reply.set("retry-after", wait);
        }
        reply
    }
}
