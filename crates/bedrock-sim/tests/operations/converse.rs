//! Converse and its stream.

use std::time::Duration;

use super::invoke;
use crate::fronts::{CLAUDE, both, max_tokens, user};
use aws_sdk_bedrockruntime::{
    Client,
    operation::{RequestId as _, converse::ConverseOutput},
    primitives::Blob,
    types::{ContentBlock, ConverseStreamOutput, InferenceConfiguration, Message, StopReason},
};
use bedrock_sim::{Latency, Model, ScriptedAnswer, Simulator};
use serde_json::json;

fn text_of(output: &ConverseOutput) -> String {
    let content = output.output().unwrap().as_message().unwrap().content();
    content
        .iter()
        .filter_map(|block| block.as_text().ok().cloned())
        .collect()
}

async fn stream(client: &Client, message: Message, tokens: i32) -> Vec<ConverseStreamOutput> {
    let output = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(message)
        .inference_config(max_tokens(tokens))
        .send()
        .await
        .unwrap();
    assert!(output.request_id().is_some());
    let mut stream = output.stream;
    let mut events = Vec::new();
    while let Some(event) = stream.recv().await.unwrap() {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn converse_answers_with_text_and_usage_that_adds_up() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::EndTurn);
        assert!(output.request_id().is_some());
        let usage = output.usage().unwrap();
        // A message, and five characters.
        assert_eq!(usage.input_tokens(), 4 + 2);
        assert_eq!(
            usage.total_tokens(),
            usage.input_tokens() + usage.output_tokens()
        );
        let tokens = text_of(&output).chars().count().div_ceil(4);
        assert_eq!(usage.output_tokens(), i32::try_from(tokens).unwrap());
    }
}

#[tokio::test]
async fn a_stream_says_what_the_plain_answer_says_in_bedrocks_order() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let plain = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .inference_config(max_tokens(9))
            .send()
            .await
            .unwrap();
        let events = stream(client, user("hello"), 9).await;
        let (mut order, mut text, mut usage) = (String::new(), String::new(), None);
        for event in &events {
            order.push(match event {
                ConverseStreamOutput::MessageStart(_) => 's',
                ConverseStreamOutput::ContentBlockDelta(event) => {
                    text.push_str(event.delta().unwrap().as_text().unwrap());
                    'd'
                }
                ConverseStreamOutput::ContentBlockStop(_) => 'b',
                ConverseStreamOutput::MessageStop(event) => {
                    assert_eq!(*event.stop_reason(), StopReason::MaxTokens);
                    'e'
                }
                ConverseStreamOutput::Metadata(event) => {
                    usage = event.usage().cloned();
                    'm'
                }
                _ => '?',
            });
        }
        assert_eq!(order, "sdddbem");
        assert_eq!(text, text_of(&plain));
        assert_eq!(usage.as_ref(), plain.usage());
    }
}

#[tokio::test]
async fn a_stop_sequence_is_met_and_left_out() {
    let client = Simulator::new().sdk_client();
    for sequence in ["\n\nHuman:", " ", "e"] {
        let output = client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .inference_config(
                InferenceConfiguration::builder()
                    .stop_sequences(sequence)
                    .build(),
            )
            .additional_model_response_field_paths("/stop_sequence")
            .send()
            .await
            .unwrap();
        assert_eq!(*output.stop_reason(), StopReason::StopSequence);
        assert!(!text_of(&output).contains(sequence));
        let fields = output.additional_model_response_fields().unwrap();
        assert_eq!(
            fields.as_object().unwrap()["stop_sequence"].as_string(),
            Some(sequence)
        );
    }
}

#[tokio::test]
async fn the_same_seed_and_request_give_the_same_bytes() {
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 300,
        "messages": [{"role": "user", "content": "hello"}],
    });
    let answer =
        async |seed| invoke(&Simulator::new().seed(seed).sdk_client(), CLAUDE, &body).await;
    assert_eq!(answer(7).await.to_string(), answer(7).await.to_string());
    assert_ne!(answer(7).await, answer(8).await);
}

#[tokio::test]
async fn an_answer_can_be_scripted() {
    let simulator = Simulator::new();
    let client = simulator.sdk_client();
    simulator.script([
        ScriptedAnswer::new().text("Hello, world"),
        ScriptedAnswer::new()
            .stop_reason(bedrock_sim::StopReason::ContentFiltered)
            .cache_tokens(2, 1),
        ScriptedAnswer::new().output_tokens(33),
    ]);
    let call = || {
        client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .send()
    };
    assert_eq!(text_of(&call().await.unwrap()), "Hello, world");
    let filtered = call().await.unwrap();
    assert_eq!(*filtered.stop_reason(), StopReason::ContentFiltered);
    let usage = filtered.usage().unwrap();
    assert_eq!(
        (
            usage.cache_read_input_tokens(),
            usage.cache_write_input_tokens()
        ),
        (Some(2), Some(1))
    );
    assert_eq!(usage.input_tokens(), 3);
    assert_eq!(call().await.unwrap().usage().unwrap().output_tokens(), 33);
}

#[tokio::test]
async fn a_scripted_answer_has_a_longest_length() {
    let simulator = Simulator::new().model(Model::new(CLAUDE).max_tokens(u64::MAX));
    simulator.script([ScriptedAnswer::new().output_tokens(u64::MAX)]);
    let call = simulator.sdk_client().converse().model_id(CLAUDE);
    let output = call.messages(user("hello")).send().await.unwrap();
    assert_eq!(output.usage().unwrap().output_tokens(), 1_000_000);
}

#[tokio::test]
async fn an_arn_is_a_model_id_too() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0";
    let simulator = Simulator::new().model(Model::new(arn));
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        client
            .converse()
            .model_id(arn)
            .messages(user("hello"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(simulator.usage().model(arn).unwrap().admitted, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answers_take_their_time_and_streams_come_as_they_are_made() {
    let latency = Latency::new(Duration::from_millis(200), Duration::from_millis(10));
    let simulator = Simulator::new().latency(latency);
    let client = simulator.sdk_client();
    let start = tokio::time::Instant::now();
    let output = client
        .converse()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .inference_config(max_tokens(11))
        .send()
        .await
        .unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(300));
    assert_eq!(output.metrics().unwrap().latency_ms(), 300);

    let start = tokio::time::Instant::now();
    let mut stream = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .inference_config(max_tokens(11))
        .send()
        .await
        .unwrap()
        .stream;
    let mut times = Vec::new();
    while stream.recv().await.unwrap().is_some() {
        times.push(start.elapsed().as_millis());
    }
    assert_eq!(times, [200, 230, 270, 300, 300, 300, 300]);
}

#[tokio::test]
async fn images_and_tool_results_are_understood() {
    let client = Simulator::new().sdk_client();
    let image = aws_sdk_bedrockruntime::types::ImageBlock::builder()
        .format(aws_sdk_bedrockruntime::types::ImageFormat::Png)
        .source(aws_sdk_bedrockruntime::types::ImageSource::Bytes(
            Blob::new([1, 2, 3]),
        ))
        .build()
        .unwrap();
    let mut message = user("hello");
    message.content.push(ContentBlock::Image(image));
    let output = client
        .converse()
        .model_id(CLAUDE)
        .messages(message)
        .send()
        .await
        .unwrap();
    assert_eq!(output.usage().unwrap().input_tokens(), 1_606);
}
