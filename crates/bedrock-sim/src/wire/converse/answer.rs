use serde_json::{Value, json};

use crate::wire::format::Timing;
use crate::{
    StopReason,
    model::answer::{Answer, Block, EventKind, StreamEvent, TokenUsage},
    wire::{apply_guardrail, json::JsonField, service_error::ServiceError},
};

/// What an answer repeats of its request.
#[derive(Default)]
pub(crate) struct Echo {
    performance: Option<Value>,
    tier: Option<Value>,
    wants_stop_sequence: bool,
    /// The guardrail, if its trace is asked for.
    traced_guardrail: Option<String>,
}

impl Echo {
    pub(crate) fn of(root: &JsonField<'_>) -> Result<Self, ServiceError> {
        let mut echo = Self::default();
        if let Some(performance) = root.get("performanceConfig")? {
            let latency = match performance.get("latency")? {
                Some(latency) => latency.one_of(&["standard", "optimized"])?,
                None => "standard",
            };
            echo.performance = Some(json!({"latency": latency}));
        }
        if let Some(tier) = root.get("serviceTier")? {
            let tier = tier.require("type")?;
            let tier = tier.one_of(&["priority", "default", "flex", "reserved"])?;
            echo.tier = Some(json!({"type": tier}));
        }
        if let Some(paths) = root.get("additionalModelResponseFieldPaths")? {
            for path in paths.items()? {
                echo.wants_stop_sequence |= path.text()? == "/stop_sequence";
            }
        }
        if let Some(config) = root.get("guardrailConfig")?
            && let Some(trace) = config.get("trace")?
            && trace.one_of(&["enabled", "disabled", "enabled_full"])? != "disabled"
        {
            let id = config.get("guardrailIdentifier")?;
            echo.traced_guardrail = Some(id.map_or(Ok(""), |id| id.text())?.to_owned());
        }
        Ok(echo)
    }

    fn add_to(&self, answer: &Answer, body: &mut Value) {
        if let Some(performance) = &self.performance {
            body["performanceConfig"] = performance.clone();
        }
        if let Some(tier) = &self.tier {
            body["serviceTier"] = tier.clone();
        }
        if let Some(id) = &self.traced_guardrail
            && answer.stop == StopReason::GuardrailIntervened
        {
            let words: Vec<_> = answer.blocked_words.iter().collect();
            body["trace"] = json!({"guardrail": {
                "inputAssessment": {id: apply_guardrail::assessment(&words)},
                "actionReason": "Guardrail blocked.",
            }});
        }
    }

    fn add_stop_sequence(&self, answer: &Answer, body: &mut Value) {
        if self.wants_stop_sequence {
            body["additionalModelResponseFields"] = json!({"stop_sequence": answer.stop_sequence});
        }
    }
}

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
