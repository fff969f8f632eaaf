//! What does the pretended model say, and how long does it take? Read `prompt`, then `answer`.

pub(crate) mod answer;
mod latency;
pub(crate) mod model;
pub(crate) mod prompt;
pub(crate) mod prompt_cache;
mod stop_reason;
pub(crate) mod tokens;
mod tool_input;

pub use self::{latency::Latency, model::Model, stop_reason::StopReason};
