//! What does the pretended model say, and how long does it take? Read `prompt`, then `answer`.

pub(crate) mod answer;
mod digest;
pub(crate) mod guardrail;
mod latency;
mod model;
mod prompt;
mod prompt_cache;
mod scripted_answer;
mod stop_reason;
mod stream_event;
mod token_usage;
pub(crate) mod tokens;
mod tool_input;
mod words;

pub(crate) use self::{
    answer::{Answer, Block},
    digest::{chain, digest, digest_text},
    model::{base_id, is_foundation_model, is_valid_id},
    prompt::{Item, Prompt, Tool, ToolChoice},
    prompt_cache::{CacheTokens, PromptCache},
    stream_event::{EventKind, StreamEvent},
    token_usage::TokenUsage,
};
pub use self::{
    latency::Latency, model::Model, scripted_answer::ScriptedAnswer, stop_reason::StopReason,
};
