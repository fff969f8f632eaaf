use serde_json::{Value, json};

use super::check::{JsonField, ServiceError};
use super::converse::{self, echo::Echo};
use super::part::{Timing, guardrail::GUARDRAIL_CONFIG};
use crate::model::{Answer, EventKind, Prompt, StreamEvent};

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
    let mut prompt = converse::request::read(root)?;
    prompt.reasons |= converse::request::turns_reasoning_on(root.value.get("reasoningConfig"));
    Ok(prompt)
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
    if let EventKind::End = event.kind {
        return Some(json!({
            "metadata": {"usage": usage(answer), "metrics": {}, "trace": {}},
            "amazon-bedrock-invocationMetrics": timing.invocation_metrics(&answer.usage),
        }));
    }
    // Up to the end the events are those of Converse, each under its name.
    let (kind, payload) = converse::answer::event(answer, &Echo::default(), event, timing)?;
    Some(json!({kind: payload}))
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
