use serde::{Deserialize, Serialize};

/// Why an answer ends, as Converse spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The model came to its end.
    EndTurn,
    /// The model calls a tool.
    ToolUse,
    /// The maximum of output tokens is reached.
    MaxTokens,
    /// A stop sequence was met.
    StopSequence,
    /// A guardrail blocked the request or the answer.
    GuardrailIntervened,
    /// The answer was filtered.
    ContentFiltered,
    /// The model wrote what cannot be read.
    MalformedModelOutput,
    /// The model called a tool in a form that cannot be read.
    MalformedToolUse,
    /// The context window is full.
    ModelContextWindowExceeded,
}

impl StopReason {
    /// The word on the wire, such as `end_turn`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::ToolUse => "tool_use",
            Self::MaxTokens => "max_tokens",
            Self::StopSequence => "stop_sequence",
            Self::GuardrailIntervened => "guardrail_intervened",
            Self::ContentFiltered => "content_filtered",
            Self::MalformedModelOutput => "malformed_model_output",
            Self::MalformedToolUse => "malformed_tool_use",
            Self::ModelContextWindowExceeded => "model_context_window_exceeded",
        }
    }
}
