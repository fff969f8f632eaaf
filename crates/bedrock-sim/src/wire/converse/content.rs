use std::collections::BTreeSet;

use crate::model::{Prompt, tokens};
use crate::wire::check::{JsonField, ServiceError};
use crate::wire::part::cache_point;

/// What a block of content may be in a body that is checked by a schema.
const BLOCKS: &[&str] = &[
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "cachePoint",
    "reasoningContent",
];

pub(super) fn system_block(block: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    match block.variant()? {
        ("text", text) => {
            if text.text()?.is_empty() {
                return Err(text.refuse("Member must have length greater than or equal to 1"));
            }
            prompt.add_piece(tokens::text(text.text()?), block.value);
        }
        ("guardContent", content) => {
            // Kept apart: a guardrail sees only the marked parts of a system prompt.
            let text = content.require("text")?.require("text")?;
            prompt.guarded_system_text.push_str(text.text()?);
            prompt.guarded_system_text.push('\n');
            prompt.add_piece(tokens::text(text.text()?), block.value);
        }
        ("cachePoint", point) => prompt.items.push(cache_point::read(&point, "default")?),
        _ => {
            return Err(
                block.complain("a system content block is one of: text, guardContent, cachePoint")
            );
        }
    }
    Ok(())
}

/// The tool calls and tool results of one message.
pub(super) struct Turn {
    pub(super) user: bool,
    pub(super) calls: BTreeSet<String>,
    pub(super) results: BTreeSet<String>,
}

impl Turn {
    fn hear(&self, text: &str, prompt: &mut Prompt) {
        if self.user {
            prompt.add_user_text(text);
        }
    }
}

pub(super) fn content_block(
    block: &JsonField<'_>,
    turn: &mut Turn,
    prompt: &mut Prompt,
) -> Result<(), ServiceError> {
    block.allow_only(BLOCKS)?;
    let (kind, content) = block.variant()?;
    let cost = match kind {
        "text" => {
            let text = content.text()?;
            if text.trim().is_empty() {
                return Err(content.complain(&format!(
                    "The text field in the ContentBlock object at {} is blank. Add text to the \
                     text field, and try again.",
                    block.path()
                )));
            }
            turn.hear(text, prompt);
            tokens::text(text)
        }
        // A mark between pieces: it costs nothing and is in no digest.
        "cachePoint" => {
            prompt.items.push(cache_point::read(&content, "default")?);
            return Ok(());
        }
        "toolUse" => {
            turn.calls
                .insert(content.require("toolUseId")?.text()?.to_owned());
            let name = content.require("name")?.text()?;
            tokens::tool_call(name, content.require("input")?.value)
        }
        "toolResult" => {
            turn.results
                .insert(content.require("toolUseId")?.text()?.to_owned());
            let mut cost = tokens::TOOL_CALL;
            // Plain blocks only: a result holds no calls, no results and no cache points.
            for part in content.require("content")?.items()? {
                cost += plain_block(&part)?;
            }
            cost
        }
        "guardContent" => match content.variant()? {
            ("text", text) => {
                let text = text.require("text")?.text()?;
                prompt.mark_for_guardrail(text);
                turn.hear(text, prompt);
                tokens::text(text)
            }
            _ => tokens::IMAGE,
        },
        "reasoningContent" => match content.variant()? {
            ("reasoningText", text) => tokens::text(text.require("text")?.text()?),
            // Encrypted and in base 64; it counts as the text that it looks like.
            (_, redacted) => tokens::text(redacted.text()?),
        },
        "citationsContent" | "toolAddition" | "toolRemoval" => {
            content.object()?;
            tokens::json(content.value)
        }
        _ => plain_block(block)?,
    };
    prompt.add_piece(cost, block.value);
    Ok(())
}

/// The tokens of a block that messages and tool results both may have.
fn plain_block(block: &JsonField<'_>) -> Result<u64, ServiceError> {
    let (kind, content) = block.variant()?;
    Ok(match kind {
        "text" => tokens::text(content.text()?),
        "json" => tokens::json(content.value),
        "image" => {
            content
                .require("format")?
                .one_of(&["png", "jpeg", "gif", "webp"])?;
            source(&content)?;
            tokens::IMAGE
        }
        "document" => {
            content.require("name")?.text()?;
            match content.require("source")?.variant()? {
                ("text", text) => tokens::text(text.text()?),
                _ => tokens::DOCUMENT,
            }
        }
        "video" => {
            source(&content)?;
            tokens::VIDEO
        }
        "audio" => {
            source(&content)?;
            tokens::AUDIO
        }
        "searchResult" => {
            content.object()?;
            tokens::json(content.value)
        }
        _ => {
            return Err(block.complain(&format!(
                "The ContentBlock object at {} has no known field: one of text, image, document, \
                 video, audio, toolUse, toolResult, guardContent, cachePoint, reasoningContent, \
                 citationsContent, searchResult must be set.",
                block.path()
            )));
        }
    })
}

fn source(content: &JsonField<'_>) -> Result<(), ServiceError> {
    content.require("source")?.variant().map(drop)
}
