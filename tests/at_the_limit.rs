//! A batch that asks for more than the quota allows.

use aws_sdk_bedrockruntime::{Client, config::retry::RetryConfig};
use bedrock_sim::{Latency, Meter, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_bedrock::Request;

const CALLS: usize = 240;
const WORKERS: usize = 50;

/// 60 requests a minute, of which ten seconds' worth may come at once.
fn sim(meter: Meter) -> Simulator {
    Simulator::new()
        .meter(meter)
        .latency(Latency::new(
            Duration::from_millis(200),
            Duration::from_millis(2),
        ))
        .model(
            Model::new(MODEL)
                .requests_per_minute(60)
                .burst(Duration::from_secs(10)),
        )
}

#[tokio::test(start_paused = true)]
async fn the_stack_loses_no_call_under_any_meter() {
    for meter in [Meter::Bucket, Meter::FixedMinute, Meter::SlidingMinute] {
        let sim = sim(meter);
        let stack = stack(&sim);
        let failed = stream::iter(0..CALLS)
            .map(|n| {
                stack
                    .clone()
                    .oneshot(Request::new(prompt(&format!("prompt {n}"))))
            })
            .buffer_unordered(WORKERS)
            .filter_map(async |result| result.err())
            .collect::<Vec<_>>()
            .await;
        assert!(
            failed.is_empty(),
            "{meter:?}: {} failed, first {}",
            failed.len(),
            failed[0]
        );
        assert_eq!(sim.usage().model(MODEL).unwrap().admitted, CALLS as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn the_plain_sdk_loses_most_of_the_same_batch() {
    let sim = sim(Meter::Bucket);
    let config = sim.sdk_config().retry_config(RetryConfig::standard());
    let client = Client::from_conf(config.build());
    let ok = stream::iter(0..CALLS)
        .map(|n| {
            let input = prompt(&format!("prompt {n}"));
            let call = client
                .converse()
                .model_id(MODEL)
                .set_messages(input.messages);
            async move { call.send().await.is_ok() }
        })
        .buffer_unordered(WORKERS)
        .filter(|ok| std::future::ready(*ok))
        .count()
        .await;
    assert!(ok * 4 < CALLS, "{ok} of {CALLS} calls came through");
}

#[tokio::test(start_paused = true)]
async fn a_call_says_how_many_attempts_it_took() {
    let sim = Simulator::new().model(Model::new(MODEL));
    sim.script([bedrock_sim::Fault::throttling().times(3)]);
    let response = stack(&sim)
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    assert_eq!(response.meta().attempts(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_hint_is_waited_for_and_the_deadline_is_kept() {
    let sim = Simulator::new().model(Model::new(MODEL));
    let throttled = bedrock_sim::Fault::throttling().retry_after(Duration::from_secs(20));
    sim.script([throttled.clone()]);
    let start = Instant::now();
    stack(&sim)
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    assert!(start.elapsed() >= Duration::from_secs(20));

    sim.script([throttled]);
    let start = Instant::now();
    let request = Request::new(prompt("again")).timeout(Duration::from_secs(10));
    let error = stack(&sim).oneshot(request).await.unwrap_err();
    assert_eq!(error.attempts(), Some(1));
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "it waited, though it could not make it"
    );
}

#[tokio::test(start_paused = true)]
async fn the_callers_fault_is_never_retried() {
    let sim = Simulator::new().model(Model::new(MODEL));
    for fault in [
        bedrock_sim::Fault::validation(),
        bedrock_sim::Fault::access_denied(),
    ] {
        sim.script([fault]);
        let error = stack(&sim)
            .oneshot(Request::new(prompt("hello")))
            .await
            .unwrap_err();
        assert_eq!(error.attempts(), Some(1), "{error}");
    }
}
