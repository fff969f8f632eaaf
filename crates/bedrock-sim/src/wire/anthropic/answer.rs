use serde_json::{Value, json};

use crate::model::{Answer, Block, EventKind, StopReason, StreamEvent};
use crate::wire::part::Timing;

pub(crate) fn body(answer: &Answer, model: &str) -> Value {
    let content: Vec<_> = answer
        .blocks
        .iter()
        .map(|block| match block {
            Block::Text(text) => json!({"type": "text", "text": text}),
            Block::ToolUse { id, name, input } => {
                json!({"type": "tool_use", "id": tool_use_id(id), "name": name, "input": input})
            }
        })
        .collect();
    let mut body = message(answer, model);
    body["content"] = content.into();
    body["stop_reason"] = stop_reason(answer).into();
    body["stop_sequence"] = json!(answer.stop_sequence);
    body["usage"] = usage(answer, answer.usage.output);
    body
}

pub(crate) fn event(
    answer: &Answer,
    model: &str,
    event: &StreamEvent<'_>,
    timing: Timing,
) -> Option<Value> {
    Some(match &event.kind {
        EventKind::Start => {
            let mut message = message(answer, model);
            message["usage"] = usage(answer, 0);
            json!({"type": "message_start", "message": message})
        }
        EventKind::BlockStart(index, block) => {
            let block = match block {
                Block::Text(_) => json!({"type": "text", "text": ""}),
                Block::ToolUse { id, name, .. } => {
                    json!({"type": "tool_use", "id": tool_use_id(id), "name": name, "input": {}})
                }
            };
            json!({"type": "content_block_start", "index": index, "content_block": block})
        }
        EventKind::Delta(index, block, piece) => {
            let delta = match block {
                Block::Text(_) => json!({"type": "text_delta", "text": piece}),
                Block::ToolUse { .. } => json!({"type": "input_json_delta", "partial_json": piece}),
            };
            json!({"type": "content_block_delta", "index": index, "delta": delta})
        }
        EventKind::BlockStop(index) => json!({"type": "content_block_stop", "index": index}),
        EventKind::Stop => json!({
            "type": "message_delta",
            "delta": {
                "stop_reason": stop_reason(answer),
                "stop_sequence": answer.stop_sequence,
            },
            "usage": {"output_tokens": answer.usage.output},
        }),
        EventKind::End => json!({
            "type": "message_stop",
            "amazon-bedrock-invocationMetrics": timing.invocation_metrics(&answer.usage),
        }),
    })
}

/// A message that has no content yet.
fn message(answer: &Answer, model: &str) -> Value {
    json!({
        "id": format!("msg_bdrk_{:016x}", answer.key),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
    })
}

fn tool_use_id(id: &str) -> String {
    format!("toolu_bdrk_{id}")
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        // Anthropic's words for what Bedrock renames or adds.
        StopReason::ContentFiltered => "refusal",
        StopReason::GuardrailIntervened => "end_turn",
        stop => stop.as_str(),
    }
}

fn usage(answer: &Answer, output: u64) -> Value {
    json!({
        "input_tokens": answer.usage.input,
        "cache_creation_input_tokens": answer.usage.cache.write,
        "cache_read_input_tokens": answer.usage.cache.read,
        "output_tokens": output,
    })
}
