//! What the stack answers without asking Bedrock.

use aws_sdk_bedrockruntime::{
    operation::{count_tokens::CountTokensInput, invoke_model::InvokeModelInput},
    primitives::Blob,
    types::{ConverseTokensRequest, CountTokensInput as Count},
};
use bedrock_sim::{Fault, Latency, Model, ScriptedAnswer, Simulator};
use end_to_end::{BASE_MODEL, MODEL, prompt, stack};
use futures_util::future::join_all;
use std::{num::NonZeroU32, time::Duration};
use tokio::time::advance;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, CacheUse, ErrorKind, Request, StackLayer, Usage};

fn sim() -> Simulator {
    Simulator::new()
        .latency(Latency::new(Duration::from_millis(500), Duration::ZERO))
        .model(Model::new(MODEL))
}

fn admitted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |model| model.admitted)
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_at_once_and_charged_nothing() {
    let sim = sim();
    let stack = stack(&sim);
    let first = stack
        .clone()
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    let start = tokio::time::Instant::now();
    let again = stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(
        (first.meta().cache(), again.meta().cache()),
        (Some(CacheStatus::Miss), Some(CacheStatus::Hit))
    );
    assert_eq!(*again, *first);
    assert_eq!(
        (again.meta().usage(), again.meta().saved()),
        (Some(Usage::default()), first.meta().usage())
    );
    assert_eq!(again.meta().request_id(), first.meta().request_id());
    assert_eq!(admitted(&sim), 1);
}

#[tokio::test(start_paused = true)]
async fn fifty_equal_calls_at_once_are_one() {
    let sim = sim();
    let stack = stack(&sim);
    let calls = (0..50).map(|_| stack.clone().oneshot(Request::new(prompt("hello"))));
    let answers = join_all(calls).await;
    let joined = answers
        .iter()
        .filter(|answer| answer.as_ref().unwrap().meta().cache() == Some(CacheStatus::Joined))
        .count();
    assert_eq!((joined, admitted(&sim)), (49, 1));
}

#[tokio::test(start_paused = true)]
async fn an_error_is_everybodys_of_that_flight_and_nobodys_after() {
    let sim = sim();
    sim.script([Fault::throttling(), Fault::validation()]);
    let stack = stack(&sim);
    let calls = (0..50).map(|_| stack.clone().oneshot(Request::new(prompt("hello"))));
    for answer in join_all(calls).await {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(admitted(&sim), 0);
    stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whose_time_runs_out_takes_nobody_along() {
    let sim = sim();
    let stack = stack(&sim);
    let hasty = Request::new(prompt("hello")).timeout(Duration::from_millis(100));
    let (hasty, patient) = tokio::join!(
        stack.clone().oneshot(hasty),
        stack.clone().oneshot(Request::new(prompt("hello"))),
    );
    assert_eq!(hasty.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    patient.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_early_takes_nobody_along() {
    let sim = sim();
    sim.script([Fault::throttling()]);
    let stack = stack(&sim);
    let once = Request::new(prompt("hello")).max_attempts(NonZeroU32::MIN);
    let (once, patient) = tokio::join!(
        stack.clone().oneshot(once),
        stack.clone().oneshot(Request::new(prompt("hello"))),
    );
    assert_eq!(once.unwrap_err().kind(), ErrorKind::Throttled);
    patient.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_for_another_callers_answer_too() {
    let stack = stack(&sim());
    let start = tokio::time::Instant::now();
    let hasty = Request::new(prompt("hello")).timeout(Duration::from_millis(100));
    let (patient, (hasty, waited)) = tokio::join!(
        stack.clone().oneshot(Request::new(prompt("hello"))),
        async { (stack.clone().oneshot(hasty).await, start.elapsed()) },
    );
    assert_eq!(hasty.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(waited, Duration::from_millis(100));
    patient.unwrap();
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_is_not_kept() {
    let sim = sim();
    let stack = stack(&sim);
    let mut input = prompt("hello");
    input.inference_config.as_mut().unwrap().max_tokens = Some(1);
    for _ in 0..2 {
        let answer = stack
            .clone()
            .oneshot(Request::new(input.clone()))
            .await
            .unwrap();
        assert_eq!(answer.meta().cache(), Some(CacheStatus::Miss));
    }
    assert_eq!(admitted(&sim), 2);
}

#[tokio::test(start_paused = true)]
async fn tenants_share_no_answers() {
    let sim = sim();
    let stack = stack(&sim);
    for tenant in ["acme", "umbrella", "acme"] {
        let request = Request::new(prompt("hello")).tenant(tenant);
        stack.clone().oneshot(request).await.unwrap();
    }
    assert_eq!(admitted(&sim), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_can_ask_anew_or_pass_by() {
    let sim = sim();
    let stack = stack(&sim);
    for (cache, status) in [
        (CacheUse::Use, CacheStatus::Miss),
        (CacheUse::Bypass, CacheStatus::Bypass),
        (CacheUse::Refresh, CacheStatus::Refreshed),
        (CacheUse::Use, CacheStatus::Hit),
    ] {
        let request = Request::new(prompt("hello")).cache(cache);
        let answer = stack.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.meta().cache(), Some(status));
    }
    assert_eq!(admitted(&sim), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_expires_after_an_hour() {
    let sim = sim();
    let stack = stack(&sim);
    let hour = Duration::from_secs(3600);
    stack
        .clone()
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    advance(hour - Duration::from_millis(1)).await;
    stack
        .clone()
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    assert_eq!(admitted(&sim), 1);
    advance(Duration::from_millis(1)).await;
    stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
    assert_eq!(admitted(&sim), 2);
}

#[tokio::test(start_paused = true)]
async fn one_cache_serves_every_operation() {
    let sim = sim();
    let stack = stack(&sim);
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":400,
        "messages":[{"role":"user","content":"hello"}]}"#;
    let invoke = InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .unwrap();
    let messages = prompt("hello").messages;
    let count = CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Count::Converse(
            ConverseTokensRequest::builder()
                .set_messages(messages)
                .build(),
        ))
        .build()
        .unwrap();
    for status in [CacheStatus::Miss, CacheStatus::Hit] {
        let status = Some(status);
        let stack = &stack;
        let invoked = stack
            .clone()
            .oneshot(Request::new(invoke.clone()))
            .await
            .unwrap();
        let counted = stack
            .clone()
            .oneshot(Request::new(count.clone()))
            .await
            .unwrap();
        let answered = stack
            .clone()
            .oneshot(Request::new(prompt("hello")))
            .await
            .unwrap();
        assert_eq!(
            [
                invoked.meta().cache(),
                counted.meta().cache(),
                answered.meta().cache()
            ],
            [status; 3]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_weighs_at_least_its_body() {
    let sim = sim();
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));
    let body = "word ".repeat(2_000);
    sim.script([ScriptedAnswer::new().text(body.clone())]);
    let mut input = prompt("hello");
    input.inference_config.as_mut().unwrap().max_tokens = Some(8_000);
    stack.oneshot(Request::new(input)).await.unwrap();
    let stored = layer.handle().cache().snapshot().store;
    assert_eq!(stored.entries, 1);
    assert!(stored.weight > body.len() as u64, "{stored:?}");
}
