use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::wire::{
    converse::request::{named, stop_sequences},
    format::GUARDRAIL_CONFIG,
};
use crate::{
    model::{
        prompt::{Item, Prompt, Tool, ToolChoice},
        tokens,
    },
    wire::{json::JsonField, service_error::ServiceError},
};

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
    root.require("anthropic_version")?
        .one_of(&["bedrock-2023-05-31"])?;
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
    tools(root, &mut prompt)?;
    if let Some(system) = root.get("system")?
        && system.value != ""
    {
        content(&system, false, &mut prompt)?;
    }
    messages(root, &mut prompt)?;
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

fn tools(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    if let Some(tools) = root.get("tools")? {
        for tool in tools.items()? {
            let name = tool.require("name")?;
            if name.text()?.is_empty() {
                return Err(name.complain("String should have at least 1 character"));
            }
            let name = name.text()?;
            let schema = tool.get("input_schema")?;
            if let Some(schema) = &schema {
                schema.object()?;
            }
            let schema = schema.map_or_else(|| json!({}), |schema| schema.value.clone());
            let description = tool.get("description")?;
            let description = description.as_ref().map_or(Ok(""), JsonField::text)?;
            prompt.add_piece(
                tokens::TOOL
                    + tokens::text(name)
                    + tokens::text(description)
                    + tokens::json(&schema),
                &without_cache_control(tool.value),
            );
            prompt.tools.push(Tool {
                name: name.to_owned(),
                schema,
            });
            cache_control(&tool, prompt)?;
        }
    }
    if let Some(choice) = root.get("tool_choice")? {
        prompt.choice = match choice
            .require("type")?
            .one_of(&["auto", "any", "tool", "none"])?
        {
            "any" => ToolChoice::Any,
            "tool" => named(&choice.require("name")?, prompt)?,
            "none" => ToolChoice::Never,
            _ => ToolChoice::Auto,
        };
    }
    Ok(())
}

fn messages(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    let list = root.require("messages")?;
    let messages = list.items()?;
    if messages.is_empty() {
        return Err(list.complain("at least one message is required"));
    }
    let mut previous = "";
    let mut calls = Calls::default();
    for message in &messages {
        let role = message.require("role")?.one_of(&["user", "assistant"])?;
        if previous.is_empty() && role != "user" {
            return Err(list.complain("first message must use the \"user\" role"));
        }
        if previous == role {
            return Err(list.complain(&format!(
                "roles must alternate between \"user\" and \"assistant\", but found multiple \
                 \"{role}\" roles in a row"
            )));
        }
        previous = role;
        prompt.add_piece(tokens::MESSAGE, &json!(role));
        if role == "user" {
            let last = std::mem::take(&mut prompt.last_user_text);
            prompt.user_text.push_str(&last);
        }
        let body = message.require("content")?;
        content(&body, role == "user", prompt)?;
        calls = calls.answered_by(&body)?;
    }
    Ok(())
}

/// The tool calls of a message, which the next one has to answer.
#[derive(Default)]
struct Calls {
    /// Where the message is.
    path: String,
    ids: BTreeSet<String>,
}

impl Calls {
    /// Checks the next message against the calls and gives that message's own.
    fn answered_by(mut self, content: &JsonField<'_>) -> Result<Self, ServiceError> {
        let mut next = Self {
            path: content.path().trim_end_matches(".content").to_owned(),
            ids: BTreeSet::new(),
        };
        let mut answered = BTreeSet::new();
        let blocks = match content.value {
            Value::String(_) => Vec::new(),
            _ => content.items()?,
        };
        for block in blocks {
            match block.require("type")?.text()? {
                "tool_use" => {
                    next.ids.insert(block.require("id")?.text()?.to_owned());
                }
                "tool_result" => {
                    let id = block.require("tool_use_id")?.text()?;
                    if !self.ids.contains(id) {
                        return Err(block.complain(&format!(
                            "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each \
                             `tool_result` block must have a corresponding `tool_use` block in the \
                             previous message."
                        )));
                    }
                    answered.insert(id);
                }
                _ => {}
            }
        }
        self.ids.retain(|id| !answered.contains(id.as_str()));
        if self.ids.is_empty() {
            return Ok(next);
        }
        let ids: Vec<_> = self.ids.into_iter().collect();
        Err(ServiceError::validation(format!(
            "{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. \
             Each `tool_use` block must have a corresponding `tool_result` block in the next \
             message.",
            self.path,
            ids.join(", ")
        )))
    }
}

/// A text, or blocks of content.
fn content(content: &JsonField<'_>, user: bool, prompt: &mut Prompt) -> Result<(), ServiceError> {
    if let Value::String(text) = content.value {
        if text.trim().is_empty() {
            return Err(content.complain("text content must be non-empty"));
        }
        add_user_text(text, user, prompt);
        prompt.add_piece(tokens::text(text), content.value);
        return Ok(());
    }
    let blocks = content.items()?;
    if blocks.is_empty() {
        return Err(content.complain("all messages must have non-empty content"));
    }
    for block in blocks {
        let cost = cost(&block)?;
        if block.require("type")?.text()? == "text" {
            add_user_text(block.require("text")?.text()?, user, prompt);
        }
        prompt.add_piece(cost, &without_cache_control(block.value));
        cache_control(&block, prompt)?;
    }
    Ok(())
}

fn cost(block: &JsonField<'_>) -> Result<u64, ServiceError> {
    Ok(match block.require("type")?.text()? {
        "text" => {
            let text = block.require("text")?;
            if text.text()?.trim().is_empty() {
                return Err(text.complain("text content blocks must be non-empty"));
            }
            tokens::text(text.text()?)
        }
        "image" => {
            block.require("source")?.object()?;
            tokens::IMAGE
        }
        "document" => {
            block.require("source")?.object()?;
            tokens::DOCUMENT
        }
        "tool_use" => {
            block.require("id")?.text()?;
            tokens::TOOL_CALL
                + tokens::text(block.require("name")?.text()?)
                + tokens::json(block.require("input")?.value)
        }
        "tool_result" => {
            block.require("tool_use_id")?.text()?;
            let mut sum = tokens::TOOL_CALL;
            match block.get("content")? {
                Some(content) if content.value.is_string() => sum += tokens::text(content.text()?),
                Some(content) => {
                    for part in content.items()? {
                        sum += cost_of_part(&part)?;
                    }
                }
                None => {}
            }
            sum
        }
        "thinking" => tokens::text(block.require("thinking")?.text()?),
        _ => tokens::json(block.value),
    })
}

/// Tool results do not nest.
fn cost_of_part(part: &JsonField<'_>) -> Result<u64, ServiceError> {
    if part.require("type")?.text()? == "tool_result" {
        return Err(part.complain("a tool result cannot contain a tool result"));
    }
    cost(part)
}

fn add_user_text(text: &str, user: bool, prompt: &mut Prompt) {
    if user {
        prompt.last_user_text.push_str(text);
        prompt.last_user_text.push('\n');
    }
}

/// The mark moves from message to message in a conversation; the cached content does not change.
fn without_cache_control(block: &Value) -> Value {
    let mut block = block.clone();
    if let Some(members) = block.as_object_mut() {
        members.remove("cache_control");
    }
    block
}

fn cache_control(block: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    let Some(control) = block.get("cache_control")? else {
        return Ok(());
    };
    control.require("type")?.one_of(&["ephemeral"])?;
    let ttl_seconds = match control.get("ttl")? {
        Some(ttl) if ttl.one_of(&["5m", "1h"])? == "1h" => 3_600,
        _ => 300,
    };
    prompt.items.push(Item::CachePoint { ttl_seconds });
    Ok(())
}
