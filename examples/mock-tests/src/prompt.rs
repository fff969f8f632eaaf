//! The parts of a request.

use crate::MODEL;
use tower_bedrock::aws_sdk_bedrockruntime::{
    operation::{converse::ConverseInput, converse_stream::ConverseStreamInput},
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};

pub(crate) fn user(content: Vec<ContentBlock>) -> Message {
    let message = Message::builder()
        .role(ConversationRole::User)
        .set_content(Some(content));
    message.build().expect("role and content are set")
}

/// Without a limit a call would reserve all that the model can write.
fn limit(tokens: i32) -> InferenceConfiguration {
    InferenceConfiguration::builder().max_tokens(tokens).build()
}

pub(crate) fn input(messages: Vec<Message>, max_tokens: i32) -> ConverseInput {
    ConverseInput::builder()
        .model_id(MODEL)
        .set_messages(Some(messages))
        .inference_config(limit(max_tokens))
        .build()
        .expect("nothing is required")
}

pub(crate) fn stream_input(messages: Vec<Message>, max_tokens: i32) -> ConverseStreamInput {
    ConverseStreamInput::builder()
        .model_id(MODEL)
        .set_messages(Some(messages))
        .inference_config(limit(max_tokens))
        .build()
        .expect("nothing is required")
}
