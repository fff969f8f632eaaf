use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A request that is not even sent to Bedrock, and what the caller is to change, as RFC 9457 has it.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    detail: String,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, detail }
    }

    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let json = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, json, body.to_string()).into_response()
    }
}
