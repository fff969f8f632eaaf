//! What the tests of the leaf share: a simulated Bedrock and requests for it.

#![allow(dead_code, reason = "each test program uses a part of it")]

use aws_sdk_bedrockruntime::{
    operation::{converse::ConverseInput, converse_stream::ConverseStreamInput},
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Model, Simulator};
use tower_bedrock::Bedrock;

pub(crate) const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The model behind [`MODEL`], which is a profile: tokens are counted for models alone.
pub(crate) const BASE_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A Bedrock that knows [`MODEL`] and no quota.
pub(crate) fn simulator() -> Simulator {
    Simulator::new().model(Model::new(MODEL))
}

/// The leaf around the real SDK client, which talks to `sim` in process.
pub(crate) fn bedrock(sim: &Simulator) -> Bedrock {
    Bedrock::new(sim.sdk_config())
}

pub(crate) fn prompt(text: &str) -> ConverseInput {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
        .expect("role and content are given");
    ConverseInput::builder()
        .model_id(MODEL)
        .messages(message)
        .inference_config(InferenceConfiguration::builder().max_tokens(200).build())
        .build()
        .expect("nothing is required")
}

/// The same as [`prompt`], for a stream.
pub(crate) fn stream_prompt(text: &str) -> ConverseStreamInput {
    let plain = prompt(text);
    ConverseStreamInput::builder()
        .set_model_id(plain.model_id)
        .set_messages(plain.messages)
        .set_inference_config(plain.inference_config)
        .build()
        .expect("nothing is required")
}
