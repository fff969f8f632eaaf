//! Events that streams are made of.

use super::{
    frame::{SPOILED_PAYLOAD, encode},
    input::Input,
};
use aws_smithy_types::base64;

/// A frame of a ConverseStream.
pub(super) fn converse(input: &mut Input<'_>) -> Vec<u8> {
    let op = input.byte();
    let (event, payload) = match op & 15 {
        0 => ("messageStart", r#"{"role":"assistant"}"#.to_owned()),
        1 => (
            "contentBlockStart",
            format!(
                r#"{{"contentBlockIndex":{},"start":{{"toolUse":{{"toolUseId":"a","name":"b"}}}}}}"#,
                input.byte() & 3
            ),
        ),
        2 => delta(input, |text| format!(r#"{{"text":{text}}}"#)),
        3 => delta(input, |text| format!(r#"{{"reasoningContent":{{"text":{text}}}}}"#)),
        4 => delta(input, |text| format!(r#"{{"reasoningContent":{{"signature":{text}}}}}"#)),
        5 => delta(input, |text| format!(r#"{{"toolUse":{{"input":{text}}}}}"#)),
        6 => delta(input, |text| format!(r#"{{"citation":{{"title":{text}}}}}"#)),
        7 => ("contentBlockStop", r#"{"contentBlockIndex":0}"#.to_owned()),
        8 => ("messageStop", r#"{"stopReason":"end_turn"}"#.to_owned()),
        9 => ("messageStop", r#"{"stopReason":"max_tokens"}"#.to_owned()),
        10 => (
            "metadata",
            r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":4}}"#.to_owned(),
        ),
        11 => return exception(op, input),
        12 => return error(op, input),
        13 => ("anotherEvent", "{}".to_owned()),
        14 => ("initial-response", "{}".to_owned()),
        _ => return event("contentBlockDelta", input.bytes(), op, input),
    };
    event_of(event, &payload, op, input)
}

/// A frame of an InvokeModelWithResponseStream: a chunk of some family's.
pub(super) fn invoke(input: &mut Input<'_>) -> Vec<u8> {
    let op = input.byte();
    let chunk: &[u8] = match op & 15 {
        0 => br#"{"type":"message_start","message":{}}"#,
        1 => br#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#,
        2 => br#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        3 => br#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1,"outputTokenCount":2}}"#,
        4 => br#"{"contentBlockDelta":{"delta":{"text":"a"}}}"#,
        5 => br#"{"messageStop":{"stopReason":"end_turn"}}"#,
        6 => br#"{"metadata":{},"amazon-bedrock-invocationMetrics":{"inputTokenCount":1,"outputTokenCount":2}}"#,
        7 => br#"{"outputText":"a","completionReason":null}"#,
        8 => br#"{"generation":"a","stop_reason":"length"}"#,
        9 => br#"{"text":"a","is_finished":true}"#,
        10 => br#"{"choices":[{"index":0,"message":{"content":"a"}},{"index":1,"text":"b"}]}"#,
        11 => br#"{"choices":[{"index":0,"finish_reason":"stop"}]}"#,
        12 => br#"{"outputs":[{"text":"a","stop_reason":"stop"}]}"#,
        13 => return exception(op, input),
        14 => return error(op, input),
        _ => input.bytes(),
    };
    let payload = format!(r#"{{"bytes":"{}"}}"#, base64::encode(chunk));
    event_of("chunk", &payload, op, input)
}

fn delta(input: &mut Input<'_>, delta: impl FnOnce(String) -> String) -> (&'static str, String) {
    let index = input.byte() & 3;
    let text = String::from_utf8_lossy(input.bytes());
    let text = serde_json::Value::String(text.into_owned()).to_string();
    let delta = delta(text);
    let payload = format!(r#"{{"contentBlockIndex":{index},"delta":{delta}}}"#);
    ("contentBlockDelta", payload)
}

fn exception(op: u8, input: &mut Input<'_>) -> Vec<u8> {
    let names = [
        "throttlingException",
        "internalServerException",
        "modelStreamErrorException",
        "modelTimeoutException",
        "serviceUnavailableException",
        "validationException",
        "anotherException",
    ];
    let name = names[usize::from(input.byte()) % names.len()];
    let headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    encode(&headers, br#"{"message":"no"}"#, op >> 4, input)
}

fn error(op: u8, input: &mut Input<'_>) -> Vec<u8> {
    let headers = [
        (":error-code", "Broken"),
        (":error-message", "no"),
        (":message-type", "error"),
    ];
    encode(&headers, b"", op >> 4, input)
}

fn event_of(name: &str, payload: &str, op: u8, input: &mut Input<'_>) -> Vec<u8> {
    event(name, payload.as_bytes(), op, input)
}

fn event(name: &str, mut payload: &[u8], op: u8, input: &mut Input<'_>) -> Vec<u8> {
    let fault = op >> 4;
    if fault == SPOILED_PAYLOAD {
        payload = &payload[..usize::from(input.byte()).min(payload.len())];
    }
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    encode(&headers, payload, fault, input)
}
