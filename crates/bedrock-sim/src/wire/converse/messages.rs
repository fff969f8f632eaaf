use std::collections::BTreeSet;

use serde_json::json;

use super::content::{Turn, content_block};
use crate::model::{Prompt, tokens};
use crate::wire::check::{JsonField, ServiceError};

pub(super) fn read(
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
        // System messages among the others break no alternation and answer no call.
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
        // The role is a piece of its own, so that the same content of another speaker is not the
        // same prefix to the prompt cache.
        prompt.add_piece(tokens::MESSAGE, &json!(role));
        if role == "user" {
            prompt.begin_user_message();
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
