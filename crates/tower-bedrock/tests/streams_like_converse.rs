//! One scripted answer by Converse, and put together of a stream: the same message.

mod common;

use aws_sdk_bedrockruntime::{
    operation::{
        converse::ConverseOutput,
        invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
    },
    primitives::Blob,
    types::{ContentBlock, ConverseStreamOutput as Event, ResponseStream},
};
use bedrock_sim::{ScriptedAnswer, ScriptedBlock, StopReason};
use common::{MODEL, bedrock, prompt, simulator, stream_prompt};
use futures_util::TryStreamExt;
use serde_json::json;
use tower::{Layer, ServiceExt};
use tower_bedrock::{CacheStatus, Request, Response, StackLayer, policy::CachePolicy};

fn content(message: &ConverseOutput) -> &[ContentBlock] {
    let output = message.output.as_ref();
    let message = output.and_then(|output| output.as_message().ok());
    &message.expect("it is a message").content
}

/// Several blocks of every kind that a model writes.
fn blocks() -> Vec<ScriptedBlock> {
    vec![
        ScriptedBlock::signed_reasoning("six by nine", "sig/1=="),
        ScriptedBlock::redacted_reasoning("c2VjcmV0"),
        ScriptedBlock::text("I ask two clocks."),
        ScriptedBlock::tool_use(
            "get_time",
            json!({"zone": "UTC", "n": [1, -2, 2.5, null, true]}),
        ),
        ScriptedBlock::tool_use("get_time", json!({})),
    ]
}

/// By Converse, and by a stream.
async fn both_ways(answer: ScriptedAnswer) -> [Response<ConverseOutput>; 2] {
    let sim = simulator();
    sim.script([answer.times(2)]);
    let plain = bedrock(&sim).oneshot(Request::new(prompt("hello")));
    let plain = plain.await.expect("it answers");
    let stream = bedrock(&sim).oneshot(Request::new(stream_prompt("hello")));
    [
        plain,
        stream
            .await
            .expect("it begins")
            .message()
            .await
            .expect("it answers"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_stream_is_what_converse_answers() {
    let new = ScriptedAnswer::new;
    for (answer, blocks) in [
        (new().content(blocks()), 5),
        (new().content(blocks()).cache_tokens(7, 9), 5),
        (new().content([ScriptedBlock::reasoning("hm")]), 1),
        (
            new()
                .text("It ends here")
                .stop_reason(StopReason::MaxTokens),
            1,
        ),
        (
            new().content(blocks()).stop_reason(StopReason::MaxTokens),
            5,
        ),
        (
            new()
                .text("no")
                .stop_reason(StopReason::GuardrailIntervened),
            1,
        ),
        (new().text("so ").output_tokens(1_000), 1),
    ] {
        let shown = format!("{answer:?}");
        let [plain, streamed] = both_ways(answer).await;
        assert_eq!(content(&streamed).len(), blocks, "{shown}");
        assert_eq!(streamed.output, plain.output, "{shown}");
        assert_eq!(streamed.stop_reason, plain.stop_reason, "{shown}");
        assert_eq!(streamed.usage, plain.usage, "{shown}");
        assert_eq!(streamed.meta().usage(), plain.meta().usage(), "{shown}");
    }
}

/// Converse shows a tool with an empty input there, which nobody can tell from a whole one.
#[tokio::test(start_paused = true)]
async fn a_tool_that_was_cut_off_is_all_that_a_message_of_a_stream_lacks() {
    let input = json!({"zone": "UTC"});
    for characters in [0, 1, 5, 13] {
        let cut = ScriptedBlock::cut_tool_use("get_time", input.clone(), characters);
        let blocks = blocks().into_iter().chain([cut]);
        let [plain, streamed] = both_ways(ScriptedAnswer::new().content(blocks)).await;
        let (cut, whole) = content(&plain).split_last().unwrap();
        assert!(cut.is_tool_use());
        assert_eq!(content(&streamed), whole);
        assert_eq!(streamed.stop_reason, plain.stop_reason);
        assert_eq!(streamed.usage, plain.usage);
    }
}

#[tokio::test(start_paused = true)]
async fn a_recorded_stream_has_its_tools_and_its_reasoning_event_for_event() {
    let sim = simulator();
    sim.script([ScriptedAnswer::new().content(blocks())]);
    let policy = CachePolicy::new("us-east-1", std::time::Duration::MAX).tool_use(true);
    let stack = StackLayer::new("us-east-1").cache(policy.layer(1 << 24));
    let stack = stack.layer(bedrock(&sim));
    let ask = || stack.clone().oneshot(Request::new(stream_prompt("hello")));
    let mut recorded: Vec<Vec<Event>> = vec![];
    for status in [CacheStatus::Miss, CacheStatus::Hit, CacheStatus::Hit] {
        let stream = ask().await.unwrap();
        assert_eq!(stream.meta().cache(), Some(status));
        recorded.push(stream.try_collect().await.unwrap());
    }
    assert_eq!(recorded[0], recorded[1]);
    assert_eq!(recorded[0], recorded[2]);
    let deltas = recorded[1].iter().filter_map(|event| {
        let delta = event.as_content_block_delta().ok()?;
        delta.delta.as_ref()
    });
    let (tools, reasoning): (Vec<_>, Vec<_>) = deltas
        .filter(|delta| delta.is_tool_use() || delta.is_reasoning_content())
        .partition(|delta| delta.is_tool_use());
    assert!(!tools.is_empty() && reasoning.len() > 1);
    assert_eq!(
        content(&ask().await.unwrap().message().await.unwrap()).len(),
        5
    );
}

#[tokio::test(start_paused = true)]
async fn recorded_chunks_of_invoke_model_are_replayed_as_they_came() {
    let sim = simulator();
    let stack = StackLayer::new("us-east-1")
        .cache(CachePolicy::new("us-east-1", std::time::Duration::MAX).layer(1 << 24))
        .layer(bedrock(&sim));
    let mut recorded: Vec<Vec<ResponseStream>> = vec![];
    for status in [CacheStatus::Miss, CacheStatus::Hit] {
        let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":5000,
            "messages":[{"role":"user","content":"hello"}]}"#;
        let input = InvokeModelWithResponseStreamInput::builder()
            .model_id(MODEL)
            .body(Blob::new(body))
            .build()
            .unwrap();
        let stream = stack.clone().oneshot(Request::new(input)).await.unwrap();
        assert_eq!(stream.meta().cache(), Some(status));
        recorded.push(stream.try_collect().await.unwrap());
    }
    assert!(recorded[0].len() > 4);
    assert_eq!(recorded[0], recorded[1]);
}
