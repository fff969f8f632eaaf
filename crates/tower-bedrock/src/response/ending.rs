/// How an answer ended, as far as that decides whether it may serve another caller. From best to
/// worst, so that of several endings the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// The model said all it had to say.
    Complete,
    /// It ran into a limit of tokens.
    Truncated,
    /// It asks for a tool.
    ToolUse,
    /// It was stopped, by a guardrail say, or does not tell.
    Other,
}

impl Ending {
    /// By the names that the families of models have for it.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "end_turn" | "stop_sequence" | "stop" | "COMPLETE" | "STOP_SEQUENCE" | "FINISH"
            | "FINISHED" | "STOP_CRITERIA_MET" | "endoftext" => Self::Complete,
            "max_tokens" | "length" | "MAX_TOKENS" | "LENGTH" | "model_context_window_exceeded" => {
                Self::Truncated
            }
            "tool_use" | "tool_calls" | "TOOL_CALL" => Self::ToolUse,
            _ => Self::Other,
        }
    }
}
