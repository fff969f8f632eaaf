//! The real SDK client on either front of a simulator.
#![allow(dead_code, reason = "each test file uses some of it")]

use aws_sdk_bedrockruntime::{
    Client,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Server, Simulator};

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub(crate) const NOVA: &str = "us.amazon.nova-lite-v1:0";

/// A client in process, one over TCP, and the server that must outlive it.
pub(crate) async fn both(simulator: &Simulator) -> ([Client; 2], Server) {
    let server = simulator.serve("127.0.0.1:0").await.unwrap();
    let tcp = aws_smithy_http_client::Builder::new().build_http();
    let config = simulator
        .sdk_config()
        .http_client(tcp)
        .endpoint_url(server.url())
        .build();
    ([simulator.sdk_client(), Client::from_conf(config)], server)
}

pub(crate) fn user(text: &str) -> Message {
    Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
        .unwrap()
}

pub(crate) fn max_tokens(tokens: i32) -> InferenceConfiguration {
    InferenceConfiguration::builder().max_tokens(tokens).build()
}
