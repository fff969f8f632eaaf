use serde_json::Value;

use crate::model::{Prompt, tokens};
use crate::wire::check::{JsonField, ServiceError};
use crate::wire::part::cache_point;

/// A text, or blocks of content.
pub(super) fn read(
    content: &JsonField<'_>,
    user: bool,
    prompt: &mut Prompt,
) -> Result<(), ServiceError> {
    if let Value::String(text) = content.value {
        if text.trim().is_empty() {
            return Err(content.complain("text content must be non-empty"));
        }
        if user {
            prompt.add_user_text(text);
        }
        prompt.add_piece(tokens::text(text), content.value);
        return Ok(());
    }
    let blocks = content.items()?;
    if blocks.is_empty() {
        return Err(content.complain("all messages must have non-empty content"));
    }
    for block in blocks {
        let cost = cost(&block)?;
        if user && block.require("type")?.text()? == "text" {
            prompt.add_user_text(block.require("text")?.text()?);
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
            let name = block.require("name")?.text()?;
            tokens::tool_call(name, block.require("input")?.value)
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
        // The API gains kinds of blocks faster than this code; what is unknown passes as JSON.
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

/// The mark moves from message to message in a conversation; the cached content does not change.
pub(super) fn without_cache_control(block: &Value) -> Value {
    let mut block = block.clone();
    if let Some(members) = block.as_object_mut() {
        members.remove("cache_control");
    }
    block
}

pub(super) fn cache_control(
    block: &JsonField<'_>,
    prompt: &mut Prompt,
) -> Result<(), ServiceError> {
    if let Some(control) = block.get("cache_control")? {
        let point = cache_point::read(&control, "ephemeral")?;
        prompt.items.push(point);
    }
    Ok(())
}
