//! What does the pretended model say, and how long does it take? Read `prompt`, then `answer`.

pub(crate) mod answer;
mod block;
mod digest;
mod drawn_text;
pub(crate) mod guardrail;
mod latency;
mod model;
mod prompt;
mod prompt_cache;
mod scripted_answer;
mod scripted_block;
mod standing_answers;
mod stop_reason;
mod stream_event;
mod text;
mod token_usage;
pub(crate) mod tokens;
mod tool_input;
mod words;

pub(crate) use self::{
    answer::Answer,
    block::{Block, whole_input},
    digest::{chain, digest, digest_text},
    drawn_text::DrawnText,
    model::{base_id, is_foundation_model, is_valid_id},
    prompt::{Item, Prompt, Tool, ToolChoice},
    prompt_cache::{CacheTokens, PromptCache},
    standing_answers::StandingAnswers,
    stream_event::{EventCursor, EventKind, StreamEvent},
    text::Text,
    token_usage::TokenUsage,
};
pub use self::{
    latency::Latency, model::Model, scripted_answer::ScriptedAnswer, scripted_block::ScriptedBlock,
    stop_reason::StopReason,
};
