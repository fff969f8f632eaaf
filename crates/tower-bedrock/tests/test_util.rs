//! What `test_util` makes is what Bedrock answers with, as far as code and layers can see.

mod common;

use aws_sdk_bedrockruntime::{
    operation::converse::{ConverseInput, ConverseOutput},
    types::{ContentBlock, ConverseOutput as Output, StopReason},
};
use common::{MODEL, bedrock, prompt, simulator, stream_prompt};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tower_bedrock::{
    Error, ErrorKind, Request, Response, StackLayer,
    test_util::{
        self, USAGE, chunks, failing_stream, invoke_model, stream, text, throttled, tool_call,
        tool_call_stream,
    },
};

fn content(output: &ConverseOutput) -> &ContentBlock {
    match output.output() {
        Some(Output::Message(message)) => &message.content()[0],
        other => panic!("no message: {other:?}"),
    }
}

#[test]
fn a_text_is_a_whole_answer_with_its_usage() {
    let answer = text("hi");
    assert_eq!(content(&answer).as_text().unwrap(), "hi");
    assert_eq!(answer.stop_reason(), &StopReason::EndTurn);
    assert_eq!(answer.meta().usage(), Some(USAGE));
    let reported = answer.usage().unwrap();
    assert_eq!(
        (
            reported.input_tokens,
            reported.output_tokens,
            reported.total_tokens
        ),
        (10, 5, 15)
    );
}

#[test]
fn a_tools_input_is_json_as_text_or_as_a_value() {
    let by_text = tool_call("weather", r#"{"city": "Rome", "days": 2}"#);
    let by_value = tool_call("weather", json!({"city": "Rome", "days": 2}));
    assert_eq!(by_text.stop_reason(), &StopReason::ToolUse);
    let tool = content(&by_text).as_tool_use().unwrap();
    assert_eq!((tool.name(), tool.tool_use_id()), ("weather", "tooluse_1"));
    let input = tool.input().as_object().unwrap();
    assert_eq!(input["city"].as_string(), Some("Rome"));
    assert_eq!(content(&by_text), content(&by_value));
}

#[test]
#[should_panic(expected = "the input of a tool is JSON")]
fn a_tools_input_that_is_no_json_panics() {
    let _ = tool_call("weather", "{city");
}

#[tokio::test]
async fn a_stream_comes_to_the_answer_of_the_same_text() {
    let mut pieces = stream(["he", "llo"]).text();
    assert_eq!(pieces.recv().await.unwrap().as_deref(), Some("he"));
    assert_eq!(pieces.recv().await.unwrap().as_deref(), Some("llo"));
    assert_eq!(pieces.recv().await.unwrap(), None);
    assert_eq!(pieces.get_ref().meta().usage(), Some(USAGE));

    let message = stream(["he", "llo"]).message().await.unwrap();
    let answer = text("hello");
    assert_eq!(message.output(), answer.output());
    assert_eq!(message.stop_reason(), answer.stop_reason());
    assert_eq!(message.usage(), answer.usage());
}

#[tokio::test]
async fn a_stream_of_a_tool_call_comes_to_the_answer_of_the_same_call() {
    let input = json!({"city": "Ålesund"});
    let message = tool_call_stream("weather", &input).message().await.unwrap();
    let answer = tool_call("weather", &input);
    assert_eq!(message.output(), answer.output());
    assert_eq!(message.stop_reason(), answer.stop_reason());
}

/// Event for event, what a stream of Bedrock's is made of.
#[tokio::test]
async fn a_stream_has_the_events_of_a_real_one() {
    async fn kinds(mut stream: tower_bedrock::EventStream<Event>) -> Vec<String> {
        let mut kinds = vec![];
        while let Some(event) = stream.recv().await.unwrap() {
            let shown = format!("{event:?}");
            kinds.push(shown[..shown.find('(').unwrap()].to_owned());
        }
        kinds.dedup();
        kinds
    }
    use aws_sdk_bedrockruntime::types::ConverseStreamOutput as Event;

    let real = bedrock(&simulator()).oneshot(Request::new(stream_prompt("hello")));
    assert_eq!(
        kinds(stream(["he", "llo"])).await,
        kinds(real.await.unwrap()).await
    );
}

#[tokio::test]
async fn a_failing_stream_says_what_came_before() {
    let mut pieces = failing_stream(["he", "llo"], test_util::error(ErrorKind::Truncated)).text();
    assert_eq!(pieces.recv().await.unwrap().as_deref(), Some("he"));
    assert_eq!(pieces.recv().await.unwrap().as_deref(), Some("llo"));
    let error = pieces.recv().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.text_delivered()),
        (ErrorKind::Truncated, Some(5))
    );
}

#[tokio::test]
async fn chunks_end_as_their_family_does() {
    let stop = json!({"type": "message_stop"});
    let mut whole = chunks([json!({"type": "message_start"}), stop]);
    assert!(whole.recv().await.unwrap().is_some());
    assert!(whole.recv().await.unwrap().is_some());
    assert!(whole.recv().await.unwrap().is_none());

    let mut cut = chunks([json!({"type": "message_start"})]);
    cut.recv().await.unwrap();
    assert_eq!(cut.recv().await.unwrap_err().kind(), ErrorKind::Truncated);
}

#[test]
fn a_body_of_invoke_model_is_what_was_given() {
    let answer = invoke_model(json!({"embedding": [0.5]}));
    assert_eq!(answer.body().as_ref(), br#"{"embedding":[0.5]}"#);
    assert_eq!(answer.content_type(), "application/json");
    assert_eq!(answer.meta().usage(), Some(USAGE));
}

/// The real layers take them for what they are: they retry, pace and settle.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_stack_retries_a_scripted_throttle_and_settles_the_usage() {
    let calls = Arc::new(AtomicU32::new(0));
    let flaky = service_fn(move |_: Request<ConverseInput>| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        async move {
            let hint = Duration::from_secs(7);
            if call < 2 {
                Err(throttled().with_retry_after(hint))
            } else {
                Ok(text("hi"))
            }
        }
    });
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(flaky);
    let start = Instant::now();

    let answer = stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
    assert_eq!(answer.meta().attempts(), 3);
    assert!(start.elapsed() >= Duration::from_secs(14));
    let counted = layer
        .handle()
        .monitor()
        .snapshot(&format!("us-east-1/{MODEL}"));
    assert_eq!(counted.unwrap().usage, USAGE);
}

/// What each kind of a scripted failure costs a caller of the stack, by the table of errors.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_stack_tells_the_kinds_apart() {
    for (kind, attempts) in [
        (ErrorKind::Exhausted, 1),
        (ErrorKind::Capacity, 12),
        (ErrorKind::Timeout, 2),
        (ErrorKind::Invalid, 1),
        (ErrorKind::CircuitOpen, 0),
    ] {
        let broken = service_fn(move |_: Request<ConverseInput>| async move {
            Err::<Response<ConverseOutput>, Error>(test_util::error(kind))
        });
        let stack = StackLayer::new("us-east-1").layer(broken);
        let error = stack
            .oneshot(Request::new(prompt("hello")))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.attempts(), Some(attempts), "{error}");
    }
}
