use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    model::{
        prompt::{Item, Prompt, Tool, ToolChoice},
        tokens,
    },
    wire::{json::JsonField, service_error::ServiceError},
};

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

/// Reads what Converse, `CountTokens` and Nova's own bodies share.
pub(crate) fn read(root: &JsonField<'_>) -> Result<Prompt, ServiceError> {
    let mut prompt = Prompt::default();
    let has_tools = tools(root, &mut prompt)?;
    if let Some(system) = root.get("system")? {
        for block in system.items()? {
            system_block(&block, &mut prompt)?;
        }
    }
    messages(root, has_tools, &mut prompt)?;
    inference(root, &mut prompt)?;
    match prompt.surplus_cache_points() {
        Some(complaint) => Err(ServiceError::validation(format!(
            "The model returned the following errors: {complaint}"
        ))),
        None => Ok(prompt),
    }
}

fn inference(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    let Some(config) = root.get("inferenceConfig")? else {
        return Ok(());
    };
    let maximum = match config.get("maxTokens")? {
        None => config.get("max_new_tokens")?,
        maximum => maximum,
    };
    prompt.max_tokens = maximum.map(|maximum| maximum.count(1)).transpose()?;
    for key in ["temperature", "topP"] {
        if let Some(number) = config.get(key)? {
            number.between(0.0, 1.0)?;
        }
    }
    if let Some(sequences) = config.get("stopSequences")? {
        prompt.stop_sequences = stop_sequences(&sequences)?;
    }
    Ok(())
}

pub(crate) fn stop_sequences(sequences: &JsonField<'_>) -> Result<Vec<String>, ServiceError> {
    let mut texts = Vec::new();
    for sequence in sequences.items()? {
        if sequence.text()?.is_empty() {
            return Err(sequence.refuse("Member must have length greater than or equal to 1"));
        }
        texts.push(sequence.text()?.to_owned());
    }
    Ok(texts)
}

fn tools(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<bool, ServiceError> {
    let Some(config) = root.get("toolConfig")? else {
        return Ok(false);
    };
    let list = config.require("tools")?;
    let tools = list.items()?;
    if tools.is_empty() {
        return Err(list.refuse("Member must have length greater than or equal to 1"));
    }
    for tool in tools {
        match tool.variant()? {
            ("toolSpec", spec) => {
                let name = spec.require("name")?;
                tool_name(&name)?;
                let schema = spec.require("inputSchema")?.require("json")?;
                schema.object()?;
                let description = spec.get("description")?;
                let description = description.as_ref().map_or(Ok(""), JsonField::text)?;
                prompt.add_piece(
                    tokens::TOOL
                        + tokens::text(name.text()?)
                        + tokens::text(description)
                        + tokens::json(schema.value),
                    spec.value,
                );
                prompt.tools.push(Tool {
                    name: name.text()?.to_owned(),
                    schema: schema.value.clone(),
                });
            }
            ("systemTool", spec) => {
                let name = spec.require("name")?.text()?;
                prompt.add_piece(tokens::TOOL + tokens::text(name), spec.value);
            }
            ("cachePoint", point) => cache_point(&point, prompt)?,
            _ => return Err(tool.complain("a tool is one of: toolSpec, systemTool, cachePoint")),
        }
    }
    if let Some(choice) = config.get("toolChoice")? {
        prompt.choice = match choice.variant()? {
            ("auto", _) => ToolChoice::Auto,
            ("any", _) => ToolChoice::Any,
            ("tool", tool) => named(&tool.require("name")?, prompt)?,
            _ => return Err(choice.complain("toolChoice is one of: auto, any, tool")),
        };
    }
    Ok(true)
}

pub(crate) fn named(name: &JsonField<'_>, prompt: &Prompt) -> Result<ToolChoice, ServiceError> {
    let text = name.text()?;
    if prompt.tools.iter().any(|tool| tool.name == text) {
        Ok(ToolChoice::Named(text.to_owned()))
    } else {
        Err(name.complain(&format!(
            "The tool choice names the tool {text}, which is not among the request's tools."
        )))
    }
}

pub(crate) fn tool_name(name: &JsonField<'_>) -> Result<(), ServiceError> {
    let text = name.text()?;
    let valid = (1..=64).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if valid {
        Ok(())
    } else {
        Err(name.refuse("Member must satisfy regular expression pattern: [a-zA-Z0-9_-]{1,64}"))
    }
}

fn cache_point(point: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    point.require("type")?.one_of(&["default"])?;
    let ttl_seconds = match point.get("ttl")? {
        Some(ttl) if ttl.one_of(&["5m", "1h"])? == "1h" => 3_600,
        _ => 300,
    };
    prompt.items.push(Item::CachePoint { ttl_seconds });
    Ok(())
}

fn system_block(block: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    match block.variant()? {
        ("text", text) => {
            if text.text()?.is_empty() {
                return Err(text.refuse("Member must have length greater than or equal to 1"));
            }
            prompt.add_piece(tokens::text(text.text()?), block.value);
        }
        ("guardContent", content) => {
            let text = content.require("text")?.require("text")?;
            prompt.guarded_system_text.push_str(text.text()?);
            prompt.guarded_system_text.push('\n');
            prompt.add_piece(tokens::text(text.text()?), block.value);
        }
        ("cachePoint", point) => cache_point(&point, prompt)?,
        _ => {
            return Err(
                block.complain("a system content block is one of: text, guardContent, cachePoint")
            );
        }
    }
    Ok(())
}

fn messages(
    root: &JsonField<'_>,
    has_tools: bool,
    prompt: &mut Prompt,
) -> Result<(), ServiceError> {
    let list = root.require("messages")?;
    let messages = list.items()?;
    let mut previous = "";
    let mut calls = BTreeSet::new();
    for message in &messages {
        let role = message
            .require("role")?
            .one_of(&["user", "assistant", "system"])?;
        let content = message.require("content")?;
        let blocks = content.items()?;
        if blocks.is_empty() {
            return Err(message.complain(&format!(
                "The content field in the Message object at {} is empty. Add a ContentBlock \
                 object to the content field and try again.",
                message.path()
            )));
        }
        if role != "system" {
            if previous.is_empty() && role != "user" {
                return Err(must_start_with_user(&list));
            }
            if previous == role {
                return Err(list.complain(
                    "A conversation must alternate between user and assistant roles. Make sure \
                     the conversation alternates between user and assistant roles and try again.",
                ));
            }
            previous = role;
        }
        prompt.add_piece(tokens::MESSAGE, &json!(role));
        if role == "user" {
            let last = std::mem::take(&mut prompt.last_user_text);
            prompt.user_text.push_str(&last);
        }
        let mut turn = Turn {
            user: role == "user",
            calls: BTreeSet::new(),
            results: BTreeSet::new(),
        };
        for block in &blocks {
            content_block(block, &mut turn, prompt)?;
        }
        if !has_tools && turn.calls.len() + turn.results.len() > 0 {
            return Err(list.complain(
                "The toolConfig field must be defined when using toolUse and toolResult content \
                 blocks.",
            ));
        }
        if role != "system" {
            calls_are_answered(&content, &calls, &turn.results)?;
            calls = turn.calls;
        }
    }
    if previous.is_empty() {
        return Err(must_start_with_user(&list));
    }
    Ok(())
}

fn must_start_with_user(list: &JsonField<'_>) -> ServiceError {
    list.complain(
        "A conversation must start with a user message. Try again with a conversation that starts \
         with a user message.",
    )
}

/// The tool calls and tool results of one message.
struct Turn {
    user: bool,
    calls: BTreeSet<String>,
    results: BTreeSet<String>,
}

fn calls_are_answered(
    content: &JsonField<'_>,
    calls: &BTreeSet<String>,
    results: &BTreeSet<String>,
) -> Result<(), ServiceError> {
    let path = content.path();
    if !results.is_subset(calls) {
        return Err(content.complain(&format!(
            "The number of toolResult blocks at {path} exceeds the number of toolUse blocks of \
             previous turn."
        )));
    }
    let missing: Vec<_> = calls.difference(results).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(content.complain(&format!(
            "Expected toolResult blocks at {path} for the following Ids: {}",
            missing.join(", ")
        )));
    }
    Ok(())
}

fn content_block(
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
            add_user_text(text, turn, prompt);
            tokens::text(text)
        }
        "cachePoint" => return cache_point(&content, prompt),
        "toolUse" => {
            turn.calls
                .insert(content.require("toolUseId")?.text()?.to_owned());
            tokens::TOOL_CALL
                + tokens::text(content.require("name")?.text()?)
                + tokens::json(content.require("input")?.value)
        }
        "toolResult" => {
            turn.results
                .insert(content.require("toolUseId")?.text()?.to_owned());
            let mut cost = tokens::TOOL_CALL;
            for part in content.require("content")?.items()? {
                cost += plain_block(&part)?;
            }
            cost
        }
        "guardContent" => match content.variant()? {
            ("text", text) => {
                let text = text.require("text")?.text()?;
                prompt.mark_for_guardrail(text);
                add_user_text(text, turn, prompt);
                tokens::text(text)
            }
            _ => tokens::IMAGE,
        },
        "reasoningContent" => match content.variant()? {
            ("reasoningText", text) => tokens::text(text.require("text")?.text()?),
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

fn add_user_text(text: &str, turn: &Turn, prompt: &mut Prompt) {
    if turn.user {
        prompt.last_user_text.push_str(text);
        prompt.last_user_text.push('\n');
    }
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
