//! Answers that come as a whole.

use crate::{
    response::{Response, Usage},
    stream::document,
};
use aws_sdk_bedrockruntime::{
    operation::{converse::ConverseOutput, invoke_model::InvokeModelOutput},
    primitives::Blob,
    types::{
        ContentBlock, ConversationRole, ConverseMetrics, ConverseOutput as Output, Message,
        StopReason, TokenUsage, ToolUseBlock,
    },
};
use std::fmt::Display;

/// What each of these answers and streams reports to have used: 10 input tokens and 5 output tokens.
///
/// [`Response::with_usage`] sets what the layers see of an answer.
pub const USAGE: Usage = Usage::new(10, 5);

/// The id of the call in [`tool_call`](tool_call()) and in a stream of one.
pub(super) const TOOL_USE_ID: &str = "tooluse_1";

/// An answer of Converse that is this text, whole.
#[must_use]
pub fn text(text: impl Into<String>) -> Response<ConverseOutput> {
    converse(ContentBlock::Text(text.into()), StopReason::EndTurn)
}

/// An answer of Converse that asks for the tool `name` with this `input`: JSON, as text or as a
/// `serde_json::Value`. The call's id is `"tooluse_1"`.
///
/// # Panics
///
/// If the input is no JSON.
#[must_use]
pub fn tool_call(name: impl Into<String>, input: impl Display) -> Response<ConverseOutput> {
    let input = document(&input.to_string()).expect("the input of a tool is JSON");
    let tool = ToolUseBlock::builder()
        .tool_use_id(TOOL_USE_ID)
        .name(name)
        .input(input);
    let tool = tool.build().expect("id, name and input are set");
    converse(ContentBlock::ToolUse(tool), StopReason::ToolUse)
}

/// An answer of InvokeModel with this body: JSON, as text or as a `serde_json::Value`.
///
/// It reports [`USAGE`], as Bedrock does in the headers.
#[must_use]
pub fn invoke_model(body: impl Display) -> Response<InvokeModelOutput> {
    Response::new(invoked(body.to_string())).with_usage(USAGE)
}

fn invoked(body: String) -> InvokeModelOutput {
    InvokeModelOutput::builder()
        .content_type("application/json")
        .body(Blob::new(body))
        .build()
        .expect("body and content type are set")
}

fn converse(content: ContentBlock, stop: StopReason) -> Response<ConverseOutput> {
    let message = Message::builder()
        .role(ConversationRole::Assistant)
        .content(content)
        .build()
        .expect("role and content are set");
    let output = ConverseOutput::builder()
        .output(Output::Message(message))
        .stop_reason(stop)
        .usage(token_usage())
        .metrics(metrics())
        .build()
        .expect("output and stop reason are set");
    Response::new(output).with_usage(USAGE)
}

fn metrics() -> ConverseMetrics {
    let metrics = ConverseMetrics::builder().latency_ms(1);
    metrics.build().expect("the latency is set")
}

/// [`USAGE`] as the SDK has it.
pub(super) fn token_usage() -> TokenUsage {
    let count = |tokens: u64| i32::try_from(tokens).unwrap_or(i32::MAX);
    TokenUsage::builder()
        .input_tokens(count(USAGE.input_tokens))
        .output_tokens(count(USAGE.output_tokens))
        .total_tokens(count(USAGE.total_tokens()))
        .build()
        .expect("all three are set")
}
