use serde_json::{Value, json};

use super::{Text, tokens};

/// A block of an answer's content, before any wire format.
pub(crate) enum Block {
    Text(Text),
    Reasoning {
        text: Text,
        signature: String,
    },
    /// Reasoning that nobody may read: base 64.
    RedactedReasoning(String),
    ToolUse {
        id: String,
        name: String,
        /// JSON, which the maximum of tokens may have cut.
        input: String,
    },
}

impl Block {
    pub(super) fn tokens(&self) -> u64 {
        self.tokens_ahead()
            + match self {
                Self::Text(text) | Self::Reasoning { text, .. } => text.tokens(),
                Self::RedactedReasoning(text) | Self::ToolUse { input: text, .. } => {
                    tokens::text(text)
                }
            }
    }

    /// Tokens that are out before the first piece of the content.
    pub(super) fn tokens_ahead(&self) -> u64 {
        match self {
            Self::ToolUse { name, .. } => tokens::TOOL_CALL + tokens::text(name),
            _ => 0,
        }
    }
}

/// The input of a tool call as an answer that is no stream shows it: of one that was cut nothing.
pub(crate) fn whole_input(input: &str) -> Value {
    serde_json::from_str(input).unwrap_or_else(|_| json!({}))
}
