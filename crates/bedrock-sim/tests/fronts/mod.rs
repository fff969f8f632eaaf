//! The real SDK client on either front of a simulator.
#![allow(dead_code, reason = "each test file uses some of it")]

use aws_sdk_bedrockruntime::{
    Client,
    error::SdkError,
    operation::converse::ConverseOutput,
    primitives::{Blob, event_stream::EventReceiver},
    types::{
        ContentBlock, ConversationRole, ConverseStreamOutput, InferenceConfiguration, Message,
        ResponseStream,
        error::{ConverseStreamOutputError, ResponseStreamError},
    },
};
use aws_smithy_types::event_stream::RawMessage;
use bedrock_sim::{Server, Simulator};
use serde_json::{Value, json};

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

/// One call of Converse that says this.
pub(crate) async fn converse(client: &Client, says: &str) -> ConverseOutput {
    let request = client.converse().model_id(CLAUDE).messages(user(says));
    request.send().await.unwrap()
}

/// The answer of ConverseStream to a call that says this.
pub(crate) async fn converse_stream(client: &Client, says: &str) -> Stream {
    let request = client.converse_stream().model_id(CLAUDE);
    let output = request.messages(user(says)).send().await.unwrap();
    output.stream
}

pub(crate) type Stream = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;
pub(crate) type StreamError = SdkError<ConverseStreamOutputError, RawMessage>;

/// The events up to the end of a stream, and how it ended.
pub(crate) async fn read(
    mut stream: Stream,
) -> (Vec<ConverseStreamOutput>, Result<(), StreamError>) {
    let mut events = Vec::new();
    loop {
        match stream.recv().await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, Ok(())),
            Err(error) => return (events, Err(error)),
        }
    }
}

/// A body of Anthropic's that says this.
pub(crate) fn anthropic(says: &str) -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": says}],
    })
}

pub(crate) async fn invoke(client: &Client, body: &Value) -> Value {
    let request = client.invoke_model().model_id(CLAUDE);
    let output = request
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .unwrap();
    serde_json::from_slice(output.body().as_ref()).unwrap()
}

pub(crate) type Chunks = EventReceiver<ResponseStream, ResponseStreamError>;

pub(crate) async fn invoke_stream(client: &Client, body: &Value) -> Chunks {
    let request = client.invoke_model_with_response_stream().model_id(CLAUDE);
    let output = request
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .unwrap();
    output.body
}

/// The chunks up to the end of a stream, and how it ended.
pub(crate) async fn read_chunks(
    mut stream: Chunks,
) -> (
    Vec<Value>,
    Result<(), SdkError<ResponseStreamError, RawMessage>>,
) {
    let mut chunks = Vec::new();
    loop {
        match stream.recv().await {
            Ok(Some(ResponseStream::Chunk(part))) => {
                chunks.push(serde_json::from_slice(part.bytes().unwrap().as_ref()).unwrap());
            }
            Ok(Some(other)) => panic!("{other:?} is no chunk"),
            Ok(None) => return (chunks, Ok(())),
            Err(error) => return (chunks, Err(error)),
        }
    }
}
