//! Bodies of a model's own format.

use super::invoke;
use crate::fronts::{CLAUDE, NOVA, both};
use aws_sdk_bedrockruntime::{Client, primitives::Blob, types::ResponseStream};
use bedrock_sim::Simulator;
use serde_json::{Value, json};

async fn invoke_stream(client: &Client, model: &str, body: &Value) -> Vec<Value> {
    let output = client
        .invoke_model_with_response_stream()
        .model_id(model)
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .unwrap();
    let mut stream = output.body;
    let mut chunks = Vec::new();
    while let Some(event) = stream.recv().await.unwrap() {
        let ResponseStream::Chunk(part) = event else {
            panic!("an event that is no chunk")
        };
        chunks.push(serde_json::from_slice(part.bytes().unwrap().as_ref()).unwrap());
    }
    chunks
}

#[tokio::test]
async fn anthropic_bodies_are_answered_in_kind() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "hello"}],
    });
    for client in &clients {
        let answer = invoke(client, CLAUDE, &body).await;
        assert_eq!(answer["type"], "message");
        assert_eq!(answer["stop_reason"], "max_tokens");
        assert_eq!(answer["usage"]["input_tokens"], 6);
        assert_eq!(answer["usage"]["output_tokens"], 10);

        let chunks = invoke_stream(client, CLAUDE, &body).await;
        let kinds: Vec<_> = chunks
            .iter()
            .map(|chunk| chunk["type"].as_str().unwrap())
            .collect();
        assert_eq!(
            kinds,
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_delta",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop"
            ]
        );
        let text: String = chunks
            .iter()
            .filter_map(|chunk| chunk["delta"]["text"].as_str())
            .collect();
        assert_eq!(answer["content"][0]["text"], text);
        assert_eq!(chunks[6]["usage"]["output_tokens"], 10);
        let metrics = &chunks[7]["amazon-bedrock-invocationMetrics"];
        assert_eq!(metrics["inputTokenCount"], 6);
        assert_eq!(metrics["outputTokenCount"], 10);
    }
}

#[tokio::test]
async fn nova_bodies_are_answered_in_kind() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    let body = json!({
        "schemaVersion": "messages-v1",
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "inferenceConfig": {"maxTokens": 10},
    });
    for client in &clients {
        let answer = invoke(client, NOVA, &body).await;
        assert_eq!(answer["stopReason"], "max_tokens");
        assert_eq!(answer["usage"]["totalTokens"], 16);
        let chunks = invoke_stream(client, NOVA, &body).await;
        assert_eq!(chunks[0]["messageStart"]["role"], "assistant");
        let text: String = chunks
            .iter()
            .filter_map(|chunk| chunk["contentBlockDelta"]["delta"]["text"].as_str())
            .collect();
        assert_eq!(answer["output"]["message"]["content"][0]["text"], text);
        let last = chunks.last().unwrap();
        assert_eq!(last["metadata"]["usage"]["outputTokens"], 10);
        assert_eq!(
            last["amazon-bedrock-invocationMetrics"]["outputTokenCount"],
            10
        );
    }
}

#[tokio::test]
async fn an_anthropic_tool_and_cache_control_work_in_a_raw_body() {
    let client = Simulator::new().sdk_client();
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "x".repeat(40), "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "tools": [{"name": "f", "input_schema": {"properties": {"n": {"type": "integer"}}}}],
        "tool_choice": {"type": "tool", "name": "f"},
    });
    let answer = invoke(&client, CLAUDE, &body).await;
    assert_eq!(answer["stop_reason"], "tool_use");
    assert!(answer["content"][0]["input"]["n"].is_i64());
    let written = answer["usage"]["cache_creation_input_tokens"]
        .as_u64()
        .unwrap();
    assert!(written > 10);
    let again = invoke(&client, CLAUDE, &body).await;
    assert_eq!(again["usage"]["cache_read_input_tokens"], written);
    assert_eq!(again["content"], answer["content"]);
}
