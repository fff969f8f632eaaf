//! What `InvokeModel` refuses in a body, and what its headers do.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use aws_sdk_bedrockruntime::{
    Client,
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{PerformanceConfigLatency, ResponseStream, ServiceTierType, Trace},
};
use bedrock_sim::Simulator;
use fronts::{CLAUDE, NOVA, both};
use serde_json::{Value, json};

const CLAUDE_3: &str = "anthropic.claude-3-haiku-20240307-v1:0";

fn anthropic() -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "hello"}],
    })
}

fn nova() -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "hello"}]}]})
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

/// The message of the `ValidationException`, if the body is refused.
async fn complaint(client: &Client, model: &str, body: &Value) -> Option<String> {
    let body = Blob::new(body.to_string());
    let error = client
        .invoke_model()
        .model_id(model)
        .body(body)
        .send()
        .await
        .err()?;
    assert_eq!(error.code(), Some("ValidationException"));
    Some(error.message().unwrap().to_owned())
}

fn malformed(what: &str) -> String {
    format!("Malformed input request: {what}, please reformat your input and try again.")
}

#[tokio::test]
async fn a_key_that_no_document_names_is_refused() {
    let client = Simulator::new().sdk_client();
    let mut content = nova();
    content["messages"][0]["content"][0]["type"] = "text".into();
    for (model, body, said) in [
        (
            CLAUDE,
            with(anthropic(), "stream", true.into()),
            "stream: Extra inputs are not permitted".to_owned(),
        ),
        (
            CLAUDE,
            with(anthropic(), "model", Value::Null),
            "model: Extra inputs are not permitted".to_owned(),
        ),
        (
            CLAUDE_3,
            with(anthropic(), "stream", true.into()),
            malformed("#: extraneous key [stream] is not permitted"),
        ),
        (
            NOVA,
            with(nova(), "max_tokens", 1.into()),
            malformed("#: extraneous key [max_tokens] is not permitted"),
        ),
        (
            NOVA,
            content,
            malformed("#/messages/0/content/0: extraneous key [type] is not permitted"),
        ),
    ] {
        assert_eq!(complaint(&client, model, &body).await, Some(said), "{body}");
    }
}

#[tokio::test]
async fn every_documented_key_is_taken() {
    let client = Simulator::new().sdk_client();
    let members = json!({
        "anthropic_beta": ["x"], "system": "x", "temperature": 0.5, "top_p": 0.5, "top_k": 5,
        "stop_sequences": ["x"], "tools": [{"name": "x", "input_schema": {}}],
        "tool_choice": {"type": "auto"}, "thinking": {"type": "disabled"}, "metadata": {},
        "output_config": {}, "context_management": {},
    });
    let newer = with(anthropic(), "anthropic_version", "2026-10-21".into());
    assert_eq!(complaint(&client, CLAUDE, &newer).await, None);
    for (key, value) in members.as_object().unwrap() {
        for model in [CLAUDE, CLAUDE_3] {
            let mut body = with(anthropic(), key, value.clone());
            if key == "tool_choice" {
                body["tools"] = members["tools"].clone();
            }
            assert_eq!(complaint(&client, model, &body).await, None, "{key}");
        }
    }
    let members = json!({
        "schemaVersion": "messages-v1", "system": [{"text": "x"}], "inferenceConfig": {"topK": 5},
        "toolConfig": {"tools": [{"toolSpec": {"name": "x", "inputSchema": {"json": {}}}}]},
        "reasoningConfig": {"type": "disabled"},
    });
    for (key, value) in members.as_object().unwrap() {
        let body = with(nova(), key, value.clone());
        assert_eq!(complaint(&client, NOVA, &body).await, None, "{key}");
    }
}

#[tokio::test]
async fn a_block_of_novas_is_one_thing() {
    let client = Simulator::new().sdk_client();
    for (block, number) in [
        (json!({}), 0),
        (json!({"text": "x", "cachePoint": {"type": "default"}}), 2),
    ] {
        let body = json!({"messages": [{"role": "user", "content": [block]}]});
        let said = format!("#/messages/0/content/0: #: {number} subschemas matched instead of one");
        assert_eq!(
            complaint(&client, NOVA, &body).await,
            Some(malformed(&said))
        );
    }
}

#[tokio::test]
async fn tool_uses_and_results_of_a_body_belong_together() {
    let client = Simulator::new().sdk_client();
    let hello = json!({"role": "user", "content": "hello"});
    let call = |id| json!({"type": "tool_use", "id": id, "name": "x", "input": {}});
    let result = |id| json!({"type": "tool_result", "tool_use_id": id, "content": "x"});
    let user = |content: &[Value]| json!({"role": "user", "content": content});
    let calls = json!({"role": "assistant", "content": [call("a"), call("b")]});
    let unanswered = "messages.1: `tool_use` ids were found without `tool_result` blocks \
                      immediately after: b. Each `tool_use` block must have a corresponding \
                      `tool_result` block in the next message.";
    let unasked = "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: \
                   c. Each `tool_result` block must have a corresponding `tool_use` block in the \
                   previous message.";
    for (messages, said) in [
        (
            vec![
                hello.clone(),
                calls.clone(),
                user(&[result("b"), result("a")]),
            ],
            None,
        ),
        (vec![hello, calls, user(&[result("a")])], Some(unanswered)),
        (vec![user(&[result("c")])], Some(unasked)),
    ] {
        let body = with(anthropic(), "messages", messages.into());
        assert_eq!(complaint(&client, CLAUDE, &body).await.as_deref(), said);
    }
}

#[tokio::test]
async fn a_body_has_four_cache_marks_at_most() {
    let client = Simulator::new().sdk_client();
    let block = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
    for (marks, said) in [
        (4, None),
        (
            5,
            Some("A maximum of 4 blocks with cache_control may be provided. Found 5."),
        ),
    ] {
        let body = with(anthropic(), "system", vec![block.clone(); marks].into());
        assert_eq!(complaint(&client, CLAUDE, &body).await.as_deref(), said);
    }
}

#[tokio::test]
async fn the_guardrail_of_the_headers_is_applied_and_reported() {
    let simulator = Simulator::new().guardrail_word("forbidden");
    let (clients, _server) = both(&simulator).await;
    let bad = json!([{"role": "user", "content": "a forbidden thing"}]);
    let bad = with(anthropic(), "messages", bad);
    for client in &clients {
        for (body, action) in [(&bad, "INTERVENED"), (&anthropic(), "NONE")] {
            let call = client.invoke_model().model_id(CLAUDE);
            let call = call.guardrail_identifier("g").guardrail_version("1");
            let call = call.trace(Trace::Enabled).body(Blob::new(body.to_string()));
            let answer: Value =
                serde_json::from_slice(call.send().await.unwrap().body().as_ref()).unwrap();
            assert_eq!(answer["amazon-bedrock-guardrailAction"], action);
            let input = &answer["amazon-bedrock-trace"]["guardrail"]["input"];
            assert_eq!(input["g"].is_object(), action == "INTERVENED", "{answer}");
            let said = &answer["content"][0]["text"];
            let blocked = said == "Sorry, the model cannot answer this question.";
            assert_eq!(blocked, action == "INTERVENED");

            let call = client.invoke_model_with_response_stream().model_id(CLAUDE);
            let call = call.guardrail_identifier("g").guardrail_version("1");
            let output = call.body(Blob::new(body.to_string())).send().await.unwrap();
            let mut stream = output.body;
            let mut last = Value::Null;
            while let Some(event) = stream.recv().await.unwrap() {
                let ResponseStream::Chunk(part) = event else {
                    panic!("an event that is no chunk")
                };
                last = serde_json::from_slice(part.bytes().unwrap().as_ref()).unwrap();
            }
            assert_eq!(last["amazon-bedrock-guardrailAction"], action);
        }
        let body = Blob::new(bad.to_string());
        let call = client.invoke_model().model_id(CLAUDE).body(body);
        let answer: Value =
            serde_json::from_slice(call.send().await.unwrap().body().as_ref()).unwrap();
        assert_eq!(answer.get("amazon-bedrock-guardrailAction"), None);
    }
}

#[tokio::test]
async fn a_guardrail_needs_its_version_and_a_guardrails_config_its_guardrail() {
    let client = Simulator::new().sdk_client();
    let call = client
        .invoke_model()
        .model_id(CLAUDE)
        .guardrail_identifier("g");
    let error = call
        .body(Blob::new(anthropic().to_string()))
        .send()
        .await
        .unwrap_err();
    assert!(error.message().unwrap().contains("'guardrailVersion'"));
    let config = json!({"tagSuffix": "x"});
    let body = with(anthropic(), "amazon-bedrock-guardrailConfig", config);
    let said = complaint(&client, CLAUDE, &body).await.unwrap();
    assert!(said.contains("guardrail identifier is required"), "{said}");
    let call = client
        .invoke_model()
        .model_id(CLAUDE)
        .guardrail_identifier("g");
    let call = call
        .guardrail_version("1")
        .body(Blob::new(body.to_string()));
    call.send().await.unwrap();
}

#[tokio::test]
async fn an_answer_names_the_latency_and_tier_it_was_served_with() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    let body = Blob::new(anthropic().to_string());
    let (latency, tier) = (PerformanceConfigLatency::Optimized, ServiceTierType::Flex);
    for client in &clients {
        let call = client.invoke_model().model_id(CLAUDE).body(body.clone());
        let plain = call.clone().send().await.unwrap();
        assert_eq!(
            (plain.performance_config_latency(), plain.service_tier()),
            (None, None)
        );
        let call = call
            .performance_config_latency(latency.clone())
            .service_tier(tier.clone());
        let answer = call.send().await.unwrap();
        assert_eq!(answer.performance_config_latency(), Some(&latency));
        assert_eq!(answer.service_tier(), Some(&tier));
        let call = client.invoke_model_with_response_stream().model_id(CLAUDE);
        let call = call
            .performance_config_latency(latency.clone())
            .service_tier(tier.clone());
        let answer = call.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.performance_config_latency(), Some(&latency));
        assert_eq!(answer.service_tier(), Some(&tier));
    }
    let call = clients[0].invoke_model().model_id(CLAUDE).body(body);
    let error = call.service_tier("fast".into()).send().await.unwrap_err();
    let said = "1 validation error detected: Value 'fast' at 'serviceTier' failed to satisfy \
                constraint: Member must satisfy enum value set: [priority, default, flex, reserved]";
    assert_eq!(error.message(), Some(said));
}
