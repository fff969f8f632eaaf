//! Frames of `application/vnd.amazon.eventstream`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::{
    base64,
    event_stream::{Header, HeaderValue, Message},
    str_bytes::StrBytes,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::check::StreamException;

pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

pub(crate) fn event(kind: impl Into<StrBytes>, payload: &Value) -> Bytes {
    frame(":event-type", kind, "event", payload)
}

/// A chunk of `InvokeModelWithResponseStream`: the model's own event in base 64.
pub(crate) fn chunk(payload: &Value) -> Bytes {
    let bytes = base64::encode(payload.to_string());
    event("chunk", &json!({"bytes": bytes}))
}

pub(crate) fn exception(exception: StreamException, message: Option<&str>) -> Bytes {
    let (kind, default) = exception.wire();
    let message = message.unwrap_or(default);
    let payload = match exception {
        StreamException::ModelStreamError => json!({
            "message": message,
            "originalStatusCode": 500,
            "originalMessage": message,
        }),
        _ => json!({"message": message}),
    };
    frame(":exception-type", kind, "exception", &payload)
}

/// The frame with a wrong checksum.
pub(crate) fn corrupt(frame: &Bytes) -> Bytes {
    let mut bytes = frame.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 0xff;
    }
    bytes.into()
}

fn frame(
    key: &'static str,
    kind: impl Into<StrBytes>,
    message: &'static str,
    payload: &Value,
) -> Bytes {
    let header = |name: &'static str, value| Header::new(name, HeaderValue::String(value));
    let message = Message::new_from_parts(
        vec![
            header(key, kind.into()),
            header(":content-type", "application/json".into()),
            header(":message-type", message.into()),
        ],
        payload.to_string().into_bytes(),
    );
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("headers are short and payloads fit a frame");
    bytes.into()
}
