//! End-to-end tests over the whole stack, and what they share: a simulated Bedrock in process, and
//! requests for it.

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::Simulator;
use tower::Layer;
use tower_bedrock::{Bedrock, Stack, StackLayer};

/// The model that the tests call.
pub const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The model behind [`MODEL`], which is a profile: tokens are counted for models alone.
pub const BASE_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The whole stack around the real SDK client, which talks to `sim` in process.
#[must_use]
pub fn stack(sim: &Simulator) -> Stack {
    StackLayer::new("us-east-1").layer(Bedrock::new(sim.sdk_config()))
}

/// A prompt for [`MODEL`] of at most 400 output tokens, which the simulator's answers stay below.
///
/// # Panics
///
/// Never: all that the SDK requires is given.
#[must_use]
pub fn prompt(text: &str) -> ConverseInput {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
        .expect("role and content are given");
    ConverseInput::builder()
        .model_id(MODEL)
        .messages(message)
        .inference_config(InferenceConfiguration::builder().max_tokens(400).build())
        .build()
        .expect("nothing is required")
}

/// Compiles the example of the project's front page.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct FrontPage;
