//! What an error says of its call in one line, and what it was that failed before.

mod common;
#[path = "common/steps.rs"]
mod steps;

use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use bedrock_sim::{Fault, Simulator};
use common::{MODEL, prompt};
use std::{
    error::Error as _,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use steps::{Step, Wire, answer};
use tower::{Layer, ServiceExt, service_fn};
use tower_backoff::AttemptTimeout;
use tower_bedrock::{
    Bedrock, CacheUse, Error, ErrorKind, Request, Response, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
};

const SECOND: Duration = Duration::from_secs(1);

const BUSY: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-amzn-requestid", "r-1"),
    ("x-amzn-errortype", "ServiceUnavailableException"),
];

fn busy() -> Step {
    answer(503, BUSY, r#"{"message": "Too many connections."}"#)
}

fn leaf(steps: &[Step]) -> Bedrock {
    let config = Simulator::new().sdk_config();
    Bedrock::new(config.http_client(Wire::new(steps).client()))
}

async fn fails(stack: Stack, request: Request<impl tower_bedrock::Operation>) -> Error {
    stack.oneshot(request).await.err().expect("it fails")
}

fn hello() -> Request<ConverseInput> {
    Request::new(prompt("hello"))
}

const LAST: &str =
    "the last failure: 503 ServiceUnavailableException: Too many connections (request id r-1)";

/// It is the error of an attempt, which knows its call too.
#[track_caller]
fn has_a_busy_model_for_its_source(error: &Error) {
    let last = error.source().and_then(|source| source.downcast_ref());
    let last: &Error = last.expect("the source is an attempt's");
    assert_eq!(
        (last.kind(), last.status()),
        (ErrorKind::Capacity, Some(503))
    );
    let call = (last.operation(), last.model_id(), last.region());
    assert_eq!(call, (Some("Converse"), Some(MODEL), Some("us-east-1")));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_tells_of_which_call_and_what_failed_before() {
    let layer = StackLayer::new("us-east-1");
    let circuits = layer.handle().circuits();
    let stack = layer.layer(leaf(&[busy()]));
    let call = tokio::spawn(fails(stack, hello()));
    // In the wait for its second attempt.
    tokio::task::yield_now().await;
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    circuits.handle(&key).force_open_for(12 * SECOND);
    let error = call.await.unwrap();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::CircuitOpen, Some(1))
    );
    let line = format!(
        "Converse of {MODEL} in us-east-1: circuit is open; retry after 12s; 1 attempt, {LAST}"
    );
    assert_eq!(error.to_string(), line);
    has_a_busy_model_for_its_source(&error);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_deadline_tells_what_its_attempts_failed_with() {
    for (steps, attempts) in [
        (vec![busy(), busy(), Step::Hang], 3),
        (vec![busy(), Step::Hang], 2),
    ] {
        let stack = StackLayer::new("us-east-1").layer(leaf(&steps));
        let error = fails(stack, hello().timeout(60 * SECOND)).await;
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
        let line = format!(
            "Converse of {MODEL} in us-east-1: the request's deadline passed; {attempts} attempts, {LAST}"
        );
        assert_eq!(error.to_string(), line);
        has_a_busy_model_for_its_source(&error);
    }
    let stack = StackLayer::new("us-east-1").layer(leaf(&[Step::Hang]));
    let error = fails(stack, hello().timeout(60 * SECOND)).await;
    assert_eq!(error.attempts(), Some(1));
    let line = format!("Converse of {MODEL} in us-east-1: the request's deadline passed");
    assert_eq!(error.to_string(), line);
    assert!(error.source().is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_deadline_that_a_layer_keeps_tells_it_as_well() {
    let calls = Arc::new(AtomicU32::new(0));
    // It keeps no deadline itself.
    let service = service_fn(move |_: Request<ConverseInput>| {
        let failed = calls.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if !failed {
                std::future::pending::<()>().await;
            }
            let error = Error::new(ErrorKind::Capacity, "full");
            Err::<Response<ConverseOutput>, _>(error)
        }
    });
    let stack = StackLayer::new("us-east-1").layer(service);
    let error = stack.oneshot(hello().timeout(SECOND)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    let line = format!(
        "Converse of {MODEL} in us-east-1: the request's deadline passed; 1 attempt, the last failure: full"
    );
    assert_eq!(error.to_string(), line);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_timed_out_attempt_is_told_of_too() {
    let layer = StackLayer::new("us-east-1").attempt_timeout(2 * SECOND);
    let stack = layer.layer(leaf(&[Step::Hang]));
    let error = fails(stack.clone(), hello().timeout(3 * SECOND)).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::DeadlineExceeded, Some(2))
    );
    let last: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(last.kind(), ErrorKind::Timeout);
    assert!(last.source().unwrap().is::<AttemptTimeout>());

    let error = fails(stack, hello()).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Timeout, Some(2))
    );
    let line = format!("Converse of {MODEL} in us-east-1: attempt took longer than 2s; 2 attempts");
    assert_eq!(error.to_string(), line);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_a_layer_rejects_is_no_attempt() {
    let nothing = |quotas| {
        StackLayer::new("us-east-1")
            .quotas(quotas)
            .layer(leaf(&[busy()]))
    };
    let tiny = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_minute(9));
    let error = fails(nothing(tiny), hello()).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::QuotaRejected, Some(0))
    );
    let cached = hello().cache(CacheUse::OnlyIfCached);
    let error = fails(nothing(Quotas::new()), cached).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::NotCached, Some(0))
    );
    let late = hello().timeout(Duration::ZERO);
    let error = fails(nothing(Quotas::new()), late).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::DeadlineExceeded, Some(0))
    );
    for error in [error.region(), error.model_id()] {
        assert!(error.is_some());
    }

    // An answer counts the attempts that were made as well: here the first was refused for a while.
    let sim = common::simulator();
    sim.script([Fault::service_unavailable()]);
    let layer = StackLayer::new("us-east-1");
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    layer
        .handle()
        .circuits()
        .handle(&key)
        .force_open_for(SECOND);
    let stack = layer.layer(common::bedrock(&sim));
    let response = stack.oneshot(hello()).await.unwrap();
    assert_eq!(response.meta().attempts(), 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_limit_of_attempts_and_the_leaf_alone_name_the_call() {
    let stack = StackLayer::new("eu-west-1").layer(leaf(&[busy()]));
    let three = hello().max_attempts(NonZeroU32::new(3).unwrap());
    let error = fails(stack, three).await;
    let said = "503 ServiceUnavailableException: Too many connections (request id r-1)";
    // Where the leaf sent it to goes before what the layer was told.
    let line = format!("Converse of {MODEL} in us-east-1: {said}; 3 attempts");
    assert_eq!(error.to_string(), line);

    let error = leaf(&[busy()]).oneshot(hello()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("Converse of {MODEL} in us-east-1: {said}")
    );
    assert_eq!(error.attempts(), None);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_line_is_of_bounded_length() {
    let long = format!(
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/{}",
        "x".repeat(1_900)
    );
    let mut input = prompt("hello");
    input.model_id = Some(long.clone());
    let body = format!(r#"{{"message": "{}"}}"#, "too long ".repeat(1_000));
    let stack = StackLayer::new("us-east-1").layer(leaf(&[answer(400, BUSY, body)]));
    let two = Request::new(input).max_attempts(NonZeroU32::new(2).unwrap());
    let error = fails(stack, two).await;
    assert_eq!(error.model_id(), Some(&*long));
    let line = error.to_string();
    assert!(line.chars().count() < 800, "{line}");
    assert!(
        line.starts_with("Converse of arn:aws:bedrock:us-east-1:123456789012:"),
        "{line}"
    );
    assert!(line.ends_with("… (request id r-1); 2 attempts"), "{line}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_who_share_a_call_are_told_the_same() {
    let stack = StackLayer::new("us-east-1").layer(leaf(&[busy()]));
    let two = || hello().max_attempts(NonZeroU32::new(2).unwrap());
    let (first, second) = tokio::join!(fails(stack.clone(), two()), fails(stack, two()));
    assert_eq!(first.attempts(), Some(2));
    assert_eq!(first.to_string(), second.to_string());
}
