use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::content;
use crate::model::{Prompt, tokens};
use crate::wire::check::{JsonField, ServiceError};

pub(super) fn read(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
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
            prompt.begin_user_message();
        }
        let body = message.require("content")?;
        content::read(&body, role == "user", prompt)?;
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
        // A plain text is one block, and no tool result.
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
