use serde_json::{Value, json};

use super::echo::Echo;
use crate::model::{Answer, Block, EventKind, StreamEvent, TokenUsage, whole_input};
use crate::wire::part::Timing;

pub(crate) fn body(answer: &Answer, echo: &Echo, timing: Timing) -> Value {
    let content: Vec<_> = answer.blocks.iter().map(block).collect();
    let mut body = json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": answer.stop.as_str(),
        "usage": usage(&answer.usage),
        "metrics": {"latencyMs": timing.whole},
    });
    echo.add_stop_sequence(answer, &mut body);
    echo.add_to(answer, &mut body);
    body
}

pub(crate) fn event(
    answer: &Answer,
    echo: &Echo,
    event: &StreamEvent<'_>,
    timing: Timing,
) -> Option<(&'static str, Value)> {
    Some(match &event.kind {
        EventKind::Start => ("messageStart", json!({"role": "assistant"})),
        EventKind::BlockStart(index, Block::ToolUse { id, name, .. }) => (
            "contentBlockStart",
            json!({
                "start": {"toolUse": {"toolUseId": tool_use_id(id), "name": name}},
                "contentBlockIndex": index,
            }),
        ),
        // Other blocks begin with their first delta.
        EventKind::BlockStart(..) => return None,
        EventKind::Delta(index, block, piece) => {
            let delta = match block {
                Block::Text(_) => json!({"text": piece}),
                Block::Reasoning { .. } => json!({"reasoningContent": {"text": piece}}),
                Block::RedactedReasoning(_) => {
                    json!({"reasoningContent": {"redactedContent": piece}})
                }
                Block::ToolUse { .. } => json!({"toolUse": {"input": piece}}),
            };
            content_delta(*index, delta)
        }
        EventKind::Signature(index, signature) => content_delta(
            *index,
            json!({"reasoningContent": {"signature": signature}}),
        ),
        EventKind::BlockStop(index) => ("contentBlockStop", json!({"contentBlockIndex": index})),
        EventKind::Stop => {
            let mut payload = json!({"stopReason": answer.stop.as_str()});
            echo.add_stop_sequence(answer, &mut payload);
            ("messageStop", payload)
        }
        EventKind::End => {
            let mut payload = json!({
                "usage": usage(&answer.usage),
                "metrics": {"latencyMs": timing.whole},
            });
            echo.add_to(answer, &mut payload);
            ("metadata", payload)
        }
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it goes into the value")]
fn content_delta(index: usize, delta: Value) -> (&'static str, Value) {
    let payload = json!({"delta": delta, "contentBlockIndex": index});
    ("contentBlockDelta", payload)
}

pub(crate) fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({"text": text.whole()}),
        Block::Reasoning { text, signature } => json!({"reasoningContent": {
            "reasoningText": {"text": text.whole(), "signature": signature},
        }}),
        Block::RedactedReasoning(data) => json!({"reasoningContent": {"redactedContent": data}}),
        Block::ToolUse { id, name, input } => {
            let input = whole_input(input);
            json!({"toolUse": {"toolUseId": tool_use_id(id), "name": name, "input": input}})
        }
    }
}

pub(crate) fn tool_use_id(id: &str) -> String {
    format!("tooluse_{id}")
}

fn usage(usage: &TokenUsage) -> Value {
    json!({
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "totalTokens": usage.total(),
        "cacheReadInputTokens": usage.cache.read,
        "cacheWriteInputTokens": usage.cache.write,
    })
}
