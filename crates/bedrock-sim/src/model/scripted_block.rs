use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A block of a scripted answer's content.
///
/// In JSON it is an object with one member, its kind: `{"text": "42"}`,
/// `{"reasoning": {"text": "six by nine"}}`, `{"redacted_reasoning": "c2VjcmV0"}`,
/// `{"tool_use": {"name": "get_time", "input": {"zone": "UTC"}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ScriptedBlock {
    /// A text.
    Text(String),
    /// The reasoning behind what follows.
    #[non_exhaustive]
    Reasoning {
        /// What the model thinks.
        text: String,
        /// What vouches for it. Default: made up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// Reasoning that nobody may read: base 64, passed on as it is.
    RedactedReasoning(String),
    /// A call of a tool, whether the request knows that tool or not.
    #[non_exhaustive]
    ToolUse {
        /// The tool's name.
        name: String,
        /// What it is called with.
        input: Value,
        /// After how many characters the JSON of the input is cut, as by a maximum of tokens. The
        /// model stops there. Default: it is whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut_after: Option<usize>,
    },
}

impl ScriptedBlock {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Reasoning with a made-up signature.
    #[must_use]
    pub fn reasoning(text: impl Into<String>) -> Self {
        Self::Reasoning {
            text: text.into(),
            signature: None,
        }
    }

    /// Reasoning with this signature.
    #[must_use]
    pub fn signed_reasoning(text: impl Into<String>, signature: impl Into<String>) -> Self {
        Self::Reasoning {
            text: text.into(),
            signature: Some(signature.into()),
        }
    }

    /// Reasoning that nobody may read, in base 64.
    #[must_use]
    pub fn redacted_reasoning(base64: impl Into<String>) -> Self {
        Self::RedactedReasoning(base64.into())
    }

    /// A call of a tool.
    #[must_use]
    pub fn tool_use(name: impl Into<String>, input: Value) -> Self {
        Self::ToolUse {
            name: name.into(),
            input,
            cut_after: None,
        }
    }

    /// A call of a tool whose input is cut after so many characters of its JSON: a stream has no
    /// more of it, a plain answer shows an empty input, and the answer stops by `max_tokens`.
    #[must_use]
    pub fn cut_tool_use(name: impl Into<String>, input: Value, characters: usize) -> Self {
        Self::ToolUse {
            name: name.into(),
            input,
            cut_after: Some(characters),
        }
    }
}
