//! One handle shows all layers of a stack.

mod common;

use bedrock_sim::Fault;
use common::{MODEL, bedrock, prompt, simulator};
use futures_util::future::join_all;
use std::{sync::Arc, time::Duration};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    ErrorKind, StackLayer,
    policy::{ModelQuota, Quotas, RetryPolicy},
    stack::{Handle, Off},
    tower_circuit_breaker::{OpenedBy, State},
};

fn key() -> Arc<str> {
    format!("us-east-1/{MODEL}").into()
}

fn two_a_minute() -> Quotas {
    let quota = ModelQuota::new()
        .requests_per_minute(2)
        .tokens_per_minute(10_000);
    Quotas::new().model(MODEL, quota).tokens_per_day(1_000_000)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_snapshot_shows_every_layer() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1").quotas(two_a_minute());
    let handle: Handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    sim.script([Fault::service_unavailable()]);
    stack.clone().oneshot(prompt("a").into()).await.unwrap();
    stack.clone().oneshot(prompt("a").into()).await.unwrap();

    let waits =
        ["b", "c", "d"].map(|text| tokio::spawn(stack.clone().oneshot(prompt(text).into())));
    tokio::time::sleep(Duration::from_millis(10)).await;
    let shown = handle.snapshot();
    assert_eq!(&*shown.region, "us-east-1");
    let cache = shown.cache.unwrap();
    assert_eq!((cache.hits, cache.misses), (1, 4));
    assert_eq!(shown.retries.retries(), 1);
    let keys: Vec<_> = shown.models.iter().map(|model| &*model.key).collect();
    assert_eq!(keys, ["us-east-1", &key()]);
    assert_eq!(shown.model("us-east-1/other"), None);

    let all = shown.model("us-east-1").unwrap();
    assert_eq!(
        all.quota.as_ref().unwrap().limits[0].limit.amount(),
        1_000_000
    );
    let model = shown.model(&key()).unwrap();
    let quota = model.quota.as_ref().unwrap();
    // The one that failed was no call to Bedrock's meter.
    assert_eq!(quota.queued, 2);
    let calls = &quota.limits[1];
    assert_eq!((calls.amount, calls.used, calls.headroom), (Some(2), 2, 0));
    assert_eq!(model.circuit.as_ref().unwrap().state, State::Closed);
    let tokens = model.tokens.as_ref().unwrap();
    assert_eq!((tokens.calls, tokens.answers), (3, 2));
    waits.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_tells_why_and_until_when() {
    let sim = simulator();
    let once = RetryPolicy::new().layer_over_quota().max_attempts(1);
    let layer = StackLayer::new("us-east-1").backoff(once);
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    sim.script([Fault::service_unavailable().times(200)]);
    for number in 0..60 {
        let _ = stack
            .clone()
            .oneshot(prompt(&format!("{number}")).into())
            .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let shown = handle.snapshot();
    let circuit = shown.model(&key()).unwrap().circuit.as_ref().unwrap();
    assert_eq!(circuit.state, State::Open);
    assert!(matches!(circuit.opened_by, Some(OpenedBy::Outage { .. })));
    assert!(circuit.until_half_open.is_some());
    let error = stack.oneshot(prompt("more").into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    let told = shown.to_string();
    assert!(
        told.contains("\n  circuit  open: 50 failures and no success in "),
        "{told}"
    );
    assert!(told.contains("; asks again in "), "{told}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_person_reads_a_few_aligned_lines() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1").quotas(two_a_minute());
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    let call = || stack.clone().oneshot(prompt("hello").into());
    join_all([call(), call()]).await;
    call().await.unwrap();

    let told = handle.snapshot().to_string();
    let lines: Vec<_> = told.lines().collect();
    let starts = [
        "us-east-1",
        "  quota    ",
        &key(),
        "  quota    896 of 10000 tokens in 60s, 1 of 2 calls in 60s; 0 calls under way, 0 wait, ",
        "  circuit  closed",
        "  tokens   1 attempts, ",
        "cache      2 hits, 1 misses, 0 joined; 1 answers of ",
        "retries    1 attempts, 0 of them retries; gave up 0",
    ];
    assert_eq!(lines.len(), starts.len(), "{told}");
    for (line, start) in lines.into_iter().zip(starts) {
        assert!(line.starts_with(start), "{line:?} is not {start:?}");
    }
    assert!(!told.contains("hello"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_layer_that_is_left_out_is_not_in_the_snapshot() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1")
        .without_cache()
        .without_circuit_breaker();
    let handle: Handle<Off, Off> = layer.handle();
    layer
        .layer(bedrock(&sim))
        .oneshot(prompt("a").into())
        .await
        .unwrap();
    let shown = handle.snapshot();
    assert_eq!(shown.cache, None);
    assert_eq!(shown.model(&key()).unwrap().circuit, None);
    assert!(shown.model(&key()).unwrap().quota.is_some());
    assert_eq!(handle.quota().keys(), [key()]);

    let layer = StackLayer::new("us-east-1").without_quota();
    let handle = layer.handle();
    layer
        .layer(bedrock(&sim))
        .oneshot(prompt("a").into())
        .await
        .unwrap();
    let shown = handle.snapshot();
    let model = shown.model(&key()).unwrap();
    assert_eq!((&model.quota, &model.tokens), (&None, &None));
    assert_eq!(model.circuit.as_ref().unwrap().state, State::Closed);
    assert_eq!(handle.circuits().keys(), [key()]);
    assert!(!shown.to_string().contains("quota"));
}
