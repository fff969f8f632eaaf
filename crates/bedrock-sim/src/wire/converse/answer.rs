use serde_json::{Value, json};

use super::echo::Echo;
use crate::model::{Answer, Block, EventKind, StreamEvent, TokenUsage};
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
        // Text blocks begin with their first delta.
        EventKind::BlockStart(_, Block::Text(_)) => return None,
        EventKind::BlockStart(index, Block::ToolUse { id, name, .. }) => (
            "contentBlockStart",
            json!({
                "start": {"toolUse": {"toolUseId": tool_use_id(id), "name": name}},
                "contentBlockIndex": index,
            }),
        ),
        EventKind::Delta(index, block, piece) => {
            let delta = match block {
                Block::Text(_) => json!({"text": piece}),
                Block::ToolUse { .. } => json!({"toolUse": {"input": piece}}),
            };
            (
                "contentBlockDelta",
                json!({"delta": delta, "contentBlockIndex": index}),
            )
        }
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

pub(crate) fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({"text": text}),
        Block::ToolUse { id, name, input } => {
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
