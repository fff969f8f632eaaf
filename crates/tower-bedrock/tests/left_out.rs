//! Stacks without a cache, a circuit breaker or a quota.

mod common;
#[path = "common/scripted.rs"]
mod scripted;

use bedrock_sim::Simulator;
use common::{MODEL, prompt};
use futures_util::future::join_all;
use scripted::{Wire, answer, json};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheUse, Error, ErrorKind, Request, StackLayer,
    policy::{ModelQuota, Quotas, RetryPolicy},
    stack::Off,
};

fn bedrock(wire: &Wire) -> Bedrock {
    Bedrock::new(Simulator::new().sdk_config().http_client(wire.client()))
}

fn well() -> Wire {
    Wire::new(|_, _| answer())
}

fn down() -> Wire {
    Wire::new(|_, _| json(503, r#"{"message": "not now"}"#))
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_two_equal_calls_are_two() {
    let wire = well();
    let stack = StackLayer::new("us-east-1")
        .without_cache()
        .layer(bedrock(&wire));
    for calls in 1..=2 {
        let answer = stack.clone().oneshot(prompt("hello").into()).await;
        assert_eq!(answer.expect("it is answered").meta().cache(), None);
        assert_eq!(wire.arrived().len(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_nothing_is_sent_that_may_only_be_cached() {
    let wire = well();
    let stack = StackLayer::new("us-east-1")
        .without_cache()
        .layer(bedrock(&wire));
    let request = || Request::new(prompt("hello")).cache(CacheUse::OnlyIfCached);
    for error in [
        stack.oneshot(request()).await,
        bedrock(&wire).oneshot(request()).await,
    ] {
        assert_eq!(
            error.expect_err("no cache is there").kind(),
            ErrorKind::NotCached
        );
    }
    assert!(wire.arrived().is_empty());
}

/// Calls for a minute, one after the other, and tells how many failed as an open circuit's.
async fn rejected<S>(stack: S) -> usize
where
    S: tower::Service<
            Request<aws_sdk_bedrockruntime::operation::converse::ConverseInput>,
            Error = Error,
        > + Clone,
{
    let mut rejected = 0;
    let start = Instant::now();
    for number in 0.. {
        let call = stack.clone().oneshot(prompt(&format!("{number}")).into());
        let Err(error) = call.await else { continue };
        rejected += usize::from(error.kind() == ErrorKind::CircuitOpen);
        tokio::time::sleep(Duration::from_millis(200)).await;
        if start.elapsed() > Duration::from_secs(60) {
            break;
        }
    }
    rejected
}

#[tokio::test(start_paused = true)]
async fn without_a_circuit_breaker_an_outage_opens_nothing() {
    let wire = down();
    let once = || RetryPolicy::new().layer_over_quota().max_attempts(1);
    let with = StackLayer::new("us-east-1").backoff(once());
    assert!(rejected(with.layer(bedrock(&wire))).await > 0);
    let without = StackLayer::new("us-east-1")
        .backoff(once())
        .without_circuit_breaker();
    assert_eq!(rejected(without.layer(bedrock(&wire))).await, 0);
}

/// How long 20 calls at one time take where ten a minute are allowed.
async fn time_of_twenty<S>(stack: S) -> Duration
where
    S: tower::Service<
            Request<aws_sdk_bedrockruntime::operation::converse::ConverseInput>,
            Error = Error,
        > + Clone,
{
    let start = Instant::now();
    let calls = (0..20).map(|n| stack.clone().oneshot(prompt(&format!("{n}")).into()));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn without_a_quota_nothing_waits() {
    let wire = well();
    let told = || Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(10));
    let with = StackLayer::new("us-east-1")
        .quotas(told())
        .layer(bedrock(&wire));
    assert!(time_of_twenty(with).await > Duration::from_secs(30));
    let without = StackLayer::new("us-east-1")
        .without_quota()
        .layer(bedrock(&wire));
    assert_eq!(time_of_twenty(without).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn without_a_quota_throttles_are_waited_out_by_time() {
    let wire = Wire::new(|_, before| match before {
        // More than the attempts of a stack that has a quota.
        ..14 => json(
            429,
            r#"{"message": "Too many requests, please wait before trying again."}"#,
        ),
        _ => answer(),
    });
    let stack = StackLayer::new("us-east-1")
        .without_quota()
        .layer(bedrock(&wire));
    let answer = stack.oneshot(prompt("hello").into()).await;
    assert_eq!(answer.expect("it waits for long").meta().attempts(), 15);
}

#[tokio::test(start_paused = true)]
async fn all_three_can_be_left_out() {
    let wire = well();
    let layer: StackLayer<Off, Off, Off> = StackLayer::new("us-east-1")
        .without_quota()
        .without_cache()
        .without_circuit_breaker()
        .attempt_timeout(Duration::from_secs(60));
    let service: <StackLayer<Off, Off, Off> as Layer<Bedrock>>::Service =
        layer.clone().layer(bedrock(&wire));
    service
        .oneshot(prompt("hello").into())
        .await
        .expect("it is answered");
    assert_eq!(layer.handle().backoff().snapshot().attempts, 1);
}
