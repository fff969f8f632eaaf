//! The estimate of input tokens: simple, documented in the README, and the same everywhere.

use serde_json::Value;

/// What every message costs on top of its content.
pub(crate) const MESSAGE: u64 = 4;
/// What every tool definition costs on top of its texts.
pub(crate) const TOOL: u64 = 8;
/// What a tool's call or result costs on top of its content.
pub(crate) const TOOL_CALL: u64 = 4;
pub(crate) const IMAGE: u64 = 1_600;
pub(crate) const DOCUMENT: u64 = 3_000;
pub(crate) const AUDIO: u64 = 2_000;
pub(crate) const VIDEO: u64 = 10_000;

/// Four characters a token, rounded up.
pub(crate) fn text(text: &str) -> u64 {
    characters(text.chars().count() as u64)
}

pub(crate) fn characters(characters: u64) -> u64 {
    characters.div_ceil(4)
}

/// A call of a tool, in a request or an answer.
pub(crate) fn tool_call(name: &str, input: &Value) -> u64 {
    TOOL_CALL + text(name) + json(input)
}

/// A JSON value counts as its compact text.
pub(crate) fn json(value: &Value) -> u64 {
    text(&value.to_string())
}
