use serde_json::{Value, json};

use super::{
    converse, headers::GUARDRAIL_CONFIG, json::JsonField, service_error::ServiceError,
    timing::Timing,
};
use crate::model::{
    answer::{Answer, Block},
    prompt::Prompt,
    stream_event::{EventKind, StreamEvent},
};

const KEYS: &[&str] = &[
    "schemaVersion",
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "reasoningConfig",
    GUARDRAIL_CONFIG,
];

/// Nova's own bodies are those of Converse, with a version in front.
pub(super) fn read(root: &JsonField<'_>) -> Result<Prompt, ServiceError> {
    root.allow_only(KEYS)?;
    if let Some(version) = root.get("schemaVersion")? {
        version.one_of(&["messages-v1"])?;
    }
    converse::request::read(root)
}

pub(super) fn body(answer: &Answer) -> Value {
    let content: Vec<_> = answer.blocks.iter().map(converse::answer::block).collect();
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": answer.stop.as_str(),
        "usage": usage(answer),
    })
}

pub(super) fn event(answer: &Answer, event: &StreamEvent<'_>, timing: Timing) -> Option<Value> {
    Some(match &event.kind {
        EventKind::Start => json!({"messageStart": {"role": "assistant"}}),
        EventKind::BlockStart(_, Block::Text(_)) => return None,
        EventKind::BlockStart(index, Block::ToolUse { id, name, .. }) => {
            let id = converse::answer::tool_use_id(id);
            json!({"contentBlockStart": {
                "start": {"toolUse": {"toolUseId": id, "name": name}},
                "contentBlockIndex": index,
            }})
        }
        EventKind::Delta(index, block, piece) => {
            let delta = match block {
                Block::Text(_) => json!({"text": piece}),
                Block::ToolUse { .. } => json!({"toolUse": {"input": piece}}),
            };
            json!({"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}})
        }
        EventKind::BlockStop(index) => json!({"contentBlockStop": {"contentBlockIndex": index}}),
        EventKind::Stop => json!({"messageStop": {"stopReason": answer.stop.as_str()}}),
        EventKind::End => json!({
            "metadata": {"usage": usage(answer), "metrics": {}, "trace": {}},
            "amazon-bedrock-invocationMetrics": timing.invocation_metrics(&answer.usage),
        }),
    })
}

fn usage(answer: &Answer) -> Value {
    let usage = &answer.usage;
    json!({
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "totalTokens": usage.total(),
        "cacheReadInputTokenCount": usage.cache.read,
        "cacheWriteInputTokenCount": usage.cache.write,
    })
}
