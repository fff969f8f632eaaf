use serde_json::{Value, json};

use crate::model::{Answer, Block, EventKind, StopReason, StreamEvent, whole_input};
use crate::wire::part::Timing;

pub(crate) fn body(answer: &Answer, model: &str) -> Value {
    let content: Vec<_> = answer.blocks.iter().map(block).collect();
    let mut body = message(answer, model);
    body["content"] = content.into();
    body["stop_reason"] = stop_reason(answer).into();
    body["stop_sequence"] = json!(answer.stop_sequence);
    body["usage"] = usage(answer, answer.usage.output);
    body
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({"type": "text", "text": text.whole()}),
        Block::Reasoning { text, signature } => {
            json!({"type": "thinking", "thinking": text.whole(), "signature": signature})
        }
        Block::RedactedReasoning(data) => json!({"type": "redacted_thinking", "data": data}),
        Block::ToolUse { id, name, input } => {
            let input = whole_input(input);
            json!({"type": "tool_use", "id": tool_use_id(id), "name": name, "input": input})
        }
    }
}

/// A block as a stream begins it.
fn begun_block(block: &Block) -> Value {
    match block {
        Block::Text(_) => json!({"type": "text", "text": ""}),
        Block::Reasoning { .. } => json!({"type": "thinking", "thinking": "", "signature": ""}),
        // All of it is there at once.
        Block::RedactedReasoning(data) => json!({"type": "redacted_thinking", "data": data}),
        Block::ToolUse { id, name, .. } => {
            json!({"type": "tool_use", "id": tool_use_id(id), "name": name, "input": {}})
        }
    }
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
            let block = begun_block(block);
            json!({"type": "content_block_start", "index": index, "content_block": block})
        }
        EventKind::Delta(index, block, piece) => {
            let delta = match block {
                Block::Text(_) => json!({"type": "text_delta", "text": piece}),
                Block::Reasoning { .. } => json!({"type": "thinking_delta", "thinking": piece}),
                Block::RedactedReasoning(_) => return None,
                Block::ToolUse { .. } => json!({"type": "input_json_delta", "partial_json": piece}),
            };
            json!({"type": "content_block_delta", "index": index, "delta": delta})
        }
        EventKind::Signature(index, signature) => {
            let delta = json!({"type": "signature_delta", "signature": signature});
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
