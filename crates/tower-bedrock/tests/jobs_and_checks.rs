//! Asynchronous jobs and guardrail checks through the stack and the real SDK client.

mod common;
#[path = "common/scripted.rs"]
mod scripted;

use aws_sdk_bedrockruntime::{
    operation::{
        get_async_invoke::GetAsyncInvokeInput, invoke_guardrail_checks::InvokeGuardrailChecksInput,
        list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
    },
    types::{
        AsyncInvokeOutputDataConfig, AsyncInvokeS3OutputDataConfig, AsyncInvokeStatus,
        GuardrailChecksConfig, GuardrailChecksContentBlock, GuardrailChecksMessage,
    },
};
use aws_smithy_types::Document;
use bedrock_sim::Simulator;
use scripted::{Arrived, Wire, json};
use std::collections::BTreeSet;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, CacheUse, ErrorKind, Request, Stack, StackLayer};

const REEL: &str = "amazon.nova-reel-v1:1";

const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc123";

const CHECKED: &str = r#"{"results": {"contentFilter": {"results": []}},
    "usage": {"contentFilter": {"textUnits": 1}}}"#;

/// A Bedrock that is not well at the first `faults` calls.
fn server(faults: usize) -> Wire {
    Wire::new(move |request, before| {
        let job = format!(
            r#""invocationArn": "{ARN}", "modelArn": "m", "status": "InProgress",
               "submitTime": "2026-11-28T09:30:00Z",
               "outputDataConfig": {{"s3OutputDataConfig": {{"s3Uri": "s3://b"}}}}"#
        );
        match (request.method().as_str(), request.uri().path()) {
            _ if before < faults => json(503, r#"{"message": "not now"}"#),
            ("POST", "/async-invoke") => json(200, format!(r#"{{"invocationArn": "{ARN}"}}"#)),
            ("POST", _) => json(200, CHECKED),
            ("GET", "/async-invoke") => {
                json(200, format!(r#"{{"asyncInvokeSummaries": [{{{job}}}]}}"#))
            }
            _ => json(200, format!("{{{job}}}")),
        }
    })
}

fn stack(wire: &Wire) -> Stack {
    let config = Simulator::new().sdk_config().http_client(wire.client());
    StackLayer::new("us-east-1").layer(Bedrock::new(config))
}

fn start() -> StartAsyncInvokeInput {
    let bucket = AsyncInvokeS3OutputDataConfig::builder().s3_uri("s3://b");
    let bucket = bucket.build().expect("the place is given");
    StartAsyncInvokeInput::builder()
        .model_id(REEL)
        .model_input(Document::String("a cat".to_owned()))
        .output_data_config(AsyncInvokeOutputDataConfig::S3OutputDataConfig(bucket))
        .build()
        .expect("nothing is required")
}

fn get() -> GetAsyncInvokeInput {
    let input = GetAsyncInvokeInput::builder().invocation_arn(ARN);
    input.build().expect("nothing is required")
}

fn token(request: &Arrived) -> String {
    let body: serde_json::Value = serde_json::from_slice(request.body()).expect("it is JSON");
    let token = body["clientRequestToken"].as_str();
    token.expect("each call has a token").to_owned()
}

fn tokens(wire: &Wire) -> Vec<String> {
    wire.arrived().iter().map(token).collect()
}

#[tokio::test(start_paused = true)]
async fn attempts_of_one_call_have_one_token() {
    let wire = server(2);
    let answer = stack(&wire).oneshot(Request::new(start())).await;
    let answer = answer.expect("the third attempt is answered");
    assert_eq!(answer.invocation_arn, ARN);
    assert_eq!(answer.meta().attempts(), 3);
    assert_eq!(answer.meta().usage(), None);
    assert_eq!(answer.meta().cache(), Some(CacheStatus::Bypass));
    let tokens = tokens(&wire);
    assert_eq!(tokens.len(), 3);
    assert_eq!(BTreeSet::from_iter(&tokens).len(), 1, "{tokens:?}");
    assert!(tokens[0].len() > 20);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_ones_own_is_kept() {
    let wire = server(1);
    let mut input = start();
    input.client_request_token = Some("mine".to_owned());
    let call = stack(&wire).oneshot(Request::new(input));
    call.await.expect("the second attempt is answered");
    assert_eq!(tokens(&wire), ["mine", "mine"]);
}

#[tokio::test(start_paused = true)]
async fn two_calls_are_two_jobs_and_clones_of_a_request_are_one() {
    let wire = server(0);
    let stack = stack(&wire);
    let request = Request::new(start());
    let calls = [request.clone(), request, Request::new(start())];
    for call in calls.map(|request| stack.clone().oneshot(request)) {
        call.await.expect("the wire answers");
    }
    let tokens = tokens(&wire);
    assert_eq!(tokens.len(), 3, "none is cached");
    assert!(
        tokens[0] == tokens[1] && tokens[1] != tokens[2],
        "{tokens:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn equal_starts_at_one_time_are_not_joined() {
    // The first waits for its second attempt while the other one is made.
    let wire = server(1);
    let stack = stack(&wire);
    let (one, other) = tokio::join!(
        stack.clone().oneshot(Request::new(start())),
        stack.clone().oneshot(Request::new(start())),
    );
    assert!(one.is_ok() && other.is_ok());
    let tokens = tokens(&wire);
    assert_eq!((tokens.len(), BTreeSet::from_iter(tokens).len()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_may_only_be_cached_starts_nothing() {
    let wire = server(0);
    let request = Request::new(start()).cache(CacheUse::OnlyIfCached);
    let error = stack(&wire).oneshot(request).await;
    assert_eq!(
        error.expect_err("nothing is kept").kind(),
        ErrorKind::NotCached
    );
    assert!(wire.arrived().is_empty());
}

#[tokio::test(start_paused = true)]
async fn jobs_are_asked_for_anew_each_time() {
    let wire = server(0);
    let stack = stack(&wire);
    for calls in 1..=2 {
        let job = stack.clone().oneshot(Request::new(get())).await;
        let job = job.expect("the wire answers");
        assert_eq!(job.status, AsyncInvokeStatus::InProgress);
        let input = ListAsyncInvokesInput::builder()
            .status_equals(AsyncInvokeStatus::InProgress)
            .max_results(7);
        let input = input.build().expect("nothing is required");
        let jobs = stack.clone().oneshot(Request::new(input)).await;
        let jobs = jobs.expect("the wire answers");
        assert_eq!(jobs.async_invoke_summaries().len(), 1);
        assert_eq!(wire.arrived().len(), 2 * calls);
    }
    let arrived = wire.arrived();
    let path = arrived[0].uri().path().replace("%3A", ":");
    assert_eq!(path.replace("%2F", "/"), format!("/async-invoke/{ARN}"));
    let query = arrived[1]
        .uri()
        .query()
        .expect("the filter is in the query");
    assert!(
        query.contains("InProgress") && query.contains("maxResults=7"),
        "{query}"
    );
}

#[tokio::test(start_paused = true)]
async fn checks_are_shared_by_those_who_wait_and_not_kept() {
    // The first waits for its second attempt while the other one is made.
    let wire = server(1);
    let stack = stack(&wire);
    let text = GuardrailChecksContentBlock::Text("Is this fine?".to_owned());
    let message = GuardrailChecksMessage::builder()
        .role("user".into())
        .content(text);
    let input = InvokeGuardrailChecksInput::builder()
        .messages(message.build().expect("role and content are given"))
        .checks(GuardrailChecksConfig::builder().build())
        .build()
        .expect("nothing is required");
    let call = || stack.clone().oneshot(Request::new(input.clone()));
    let (one, other) = tokio::join!(call(), call());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(wire.arrived().len(), 2);
    let answer = call().await.expect("the wire answers");
    assert_eq!(answer.meta().usage(), None);
    assert_eq!(wire.arrived().len(), 3);
    assert!(String::from_utf8_lossy(wire.arrived()[0].body()).contains("Is this fine?"));
}
