//! What does the pretended model say, and how long does it take? Read `prompt`, then `answer`.

pub(crate) mod answer;
pub(crate) mod digest;
pub(crate) mod guardrail;
mod latency;
pub(crate) mod model;
pub(crate) mod prompt;
pub(crate) mod prompt_cache;
mod scripted_answer;
mod stop_reason;
pub(crate) mod stream_event;
pub(crate) mod token_usage;
pub(crate) mod tokens;
mod tool_input;
mod words;

pub use self::{
    latency::Latency, model::Model, scripted_answer::ScriptedAnswer, stop_reason::StopReason,
};
