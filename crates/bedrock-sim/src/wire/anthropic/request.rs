use super::{content, messages, tools};
use crate::model::Prompt;
use crate::wire::check::{JsonField, ServiceError};
use crate::wire::converse::request::{stop_sequences, turns_reasoning_on};
use crate::wire::part::guardrail::GUARDRAIL_CONFIG;

/// What AWS documents, and what Anthropic's own newest clients say.
const VERSIONS: &[&str] = &["bedrock-2023-05-31", "2026-10-21"];

/// What AWS documents for the body, without what only Anthropic's own API takes.
const KEYS: &[&str] = &[
    "anthropic_version",
    "anthropic_beta",
    "max_tokens",
    "messages",
    "system",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "tools",
    "tool_choice",
    "thinking",
    "metadata",
    "output_config",
    "context_management",
    GUARDRAIL_CONFIG,
];

/// Reads a body of the Anthropic Messages API as Bedrock takes it for the model.
pub(crate) fn read(root: &JsonField<'_>, model: &str) -> Result<Prompt, ServiceError> {
    if is_behind_schema(model) {
        root.allow_only(KEYS)?;
    } else if let Some(key) = root.other_than(KEYS)? {
        let message = format!("{key}: Extra inputs are not permitted");
        return Err(ServiceError::validation(message));
    }
    root.require("anthropic_version")?.one_of(VERSIONS)?;
    let mut prompt = Prompt {
        max_tokens: Some(root.require("max_tokens")?.count(1)?),
        ..Prompt::default()
    };
    for key in ["temperature", "top_p"] {
        if let Some(number) = root.get(key)? {
            number.between(0.0, 1.0)?;
        }
    }
    if let Some(sequences) = root.get("stop_sequences")? {
        prompt.stop_sequences = stop_sequences(&sequences)?;
    }
    tools::read(root, &mut prompt)?;
    prompt.reasons = turns_reasoning_on(root.value.get("thinking"));
    // An empty system prompt is as good as none; an empty message is an error.
    if let Some(system) = root.get("system")?
        && system.value != ""
    {
        content::read(&system, false, &mut prompt)?;
    }
    messages::read(root, &mut prompt)?;
    match prompt.surplus_cache_points() {
        Some(complaint) => Err(ServiceError::validation(complaint)),
        None => Ok(prompt),
    }
}

/// Bodies for Claude up to 3.5 are checked by Bedrock's schema, later ones by the model's own.
fn is_behind_schema(model: &str) -> bool {
    let early = ["claude-v", "claude-instant-", "claude-3-"];
    early.iter().any(|name| model.starts_with(name)) && !model.starts_with("claude-3-7-")
}
