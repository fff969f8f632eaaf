//! Bodies of Anthropic's Messages API.

pub(super) mod answer;
mod content;
mod messages;
pub(super) mod request;
mod tools;
