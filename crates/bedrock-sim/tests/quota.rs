//! The quota's arithmetic, to the token, as callers meet it.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::{pin::pin, time::Duration};

use aws_sdk_bedrockruntime::{
    Client,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::converse::{ConverseError, ConverseOutput},
};
use bedrock_sim::{Latency, Meter, Model, ModelUsage, ScriptedAnswer, Simulator};
use fronts::{CLAUDE, both, max_tokens, user};

/// Four tokens for the message, and 96 of text.
fn hundred_tokens() -> String {
    "x".repeat(4 * 96)
}

async fn call(client: &Client, tokens: i32) -> Result<ConverseOutput, SdkError<ConverseError>> {
    client
        .converse()
        .model_id(CLAUDE)
        .messages(user(&hundred_tokens()))
        .inference_config(max_tokens(tokens))
        .send()
        .await
}

fn usage(simulator: &Simulator) -> ModelUsage {
    simulator.usage().model(CLAUDE).unwrap().clone()
}

fn available(simulator: &Simulator) -> i64 {
    usage(simulator).available.tokens_per_minute.unwrap()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_reserves_input_and_maximum_and_settles_for_what_it_used() {
    let simulator = Simulator::new()
        .latency(Latency::new(Duration::from_secs(1), Duration::ZERO))
        .meter(Meter::SlidingMinute)
        .model(Model::new(CLAUDE).tokens_per_minute(10_000).burndown(5));
    let client = simulator.sdk_client();
    let running = tokio::spawn(async move { call(&client, 1_000).await.unwrap() });
    tokio::task::yield_now().await;
    let during = usage(&simulator);
    assert_eq!(
        (during.reserved, during.outstanding, during.in_flight),
        (1_100, 1_100, 1)
    );
    assert_eq!(during.available.tokens_per_minute, Some(8_900));

    let output = running.await.unwrap();
    let tokens = u64::try_from(output.usage().unwrap().output_tokens()).unwrap();
    let after = usage(&simulator);
    assert_eq!(after.settled, 100 + 5 * tokens);
    assert_eq!((after.input_tokens, after.output_tokens), (100, tokens));
    assert_eq!((after.outstanding, after.in_flight), (0, 0));
    assert_eq!(
        after.available.tokens_per_minute,
        Some(10_000 - i64::try_from(after.settled).unwrap())
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_maximum_that_is_not_set_reserves_the_models_own() {
    let simulator = Simulator::new().model(Model::new(CLAUDE).max_tokens(8_192));
    let client = simulator.sdk_client();
    client
        .converse()
        .model_id(CLAUDE)
        .messages(user("hello"))
        .send()
        .await
        .unwrap();
    assert_eq!(usage(&simulator).reserved, 6 + 8_192);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn burndown_can_put_the_model_in_debt() {
    for meter in [Meter::Bucket, Meter::FixedMinute, Meter::SlidingMinute] {
        let simulator = Simulator::new()
            .meter(meter)
            .model(Model::new(CLAUDE).tokens_per_minute(120).burndown(15));
        let client = simulator.sdk_client();
        call(&client, 16).await.unwrap();
        // 100 of input and 16 of output at 15 each, out of 120.
        assert_eq!(usage(&simulator).settled, 340);
        assert_eq!(available(&simulator), 120 - 340, "{meter:?}");
        call(&client, 1).await.unwrap_err();
        tokio::time::advance(Duration::from_secs(60)).await;
        let left = available(&simulator);
        if meter == Meter::SlidingMinute {
            assert_eq!(left, 120);
        } else {
            // One minute pays back 120.
            assert_eq!(left, 120 - 220, "{meter:?}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_bucket_refills_with_the_clock() {
    let simulator = Simulator::new().model(
        Model::new(CLAUDE)
            .tokens_per_minute(6_000)
            .burst(Duration::from_secs(2))
            .burndown(1),
    );
    let client = simulator.sdk_client();
    assert_eq!(available(&simulator), 200);
    simulator.script([ScriptedAnswer::new().output_tokens(100)]);
    call(&client, 100).await.unwrap();
    assert_eq!(available(&simulator), 0);
    tokio::time::advance(Duration::from_millis(1_099)).await;
    call(&client, 10).await.unwrap_err();
    tokio::time::advance(Duration::from_millis(1)).await;
    call(&client, 10).await.unwrap();
    // More than the full bucket never fits.
    tokio::time::advance(Duration::from_secs(3_600)).await;
    call(&client, 101).await.unwrap_err();
}

#[tokio::test]
async fn each_quota_throttles_with_its_own_message() {
    let cases = [
        (
            Model::new(CLAUDE).tokens_per_minute(0),
            "Too many tokens, please wait before trying again.",
        ),
        (
            Model::new(CLAUDE).requests_per_minute(0),
            "Too many requests, please wait before trying again.",
        ),
        (
            Model::new(CLAUDE).tokens_per_day(0),
            "Too many tokens per day, please wait before trying again.",
        ),
    ];
    for (model, message) in cases {
        let simulator = Simulator::new().model(model);
        let (clients, _server) = both(&simulator).await;
        for client in &clients {
            let error = call(client, 1).await.unwrap_err();
            let raw = error.raw_response().unwrap();
            assert_eq!(raw.status().as_u16(), 429);
            assert!(raw.headers().get("retry-after").is_none());
            assert!(raw.headers().get("x-amz-retry-after").is_none());
            let error = error.into_service_error();
            assert!(error.is_throttling_exception());
            assert_eq!(error.message(), Some(message));
        }
        let usage = usage(&simulator);
        assert_eq!(
            (
                usage.throttled,
                usage.admitted,
                usage.reserved,
                usage.settled
            ),
            (2, 0, 0, 0)
        );
        let by = usage.throttled_by;
        assert_eq!(
            by.tokens_per_minute + by.requests_per_minute + by.tokens_per_day,
            2
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn requests_are_counted_by_each_meter() {
    for (meter, early, late) in [
        // Admissions at the start; then one more is possible after so many seconds.
        (Meter::Bucket, 29, 30),
        (Meter::FixedMinute, 59, 60),
        (Meter::SlidingMinute, 59, 60),
    ] {
        let simulator = Simulator::new()
            .meter(meter)
            .model(Model::new(CLAUDE).requests_per_minute(2));
        let client = simulator.sdk_client();
        call(&client, 1).await.unwrap();
        call(&client, 1).await.unwrap();
        tokio::time::advance(Duration::from_secs(early)).await;
        call(&client, 1).await.unwrap_err();
        tokio::time::advance(Duration::from_secs(late - early)).await;
        call(&client, 1).await.unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_that_is_dropped_pays_for_what_it_delivered() {
    let simulator =
        Simulator::new().model(Model::new(CLAUDE).tokens_per_minute(10_000).burndown(5));
    let client = simulator.sdk_client();
    let mut stream = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(user(&hundred_tokens()))
        .inference_config(max_tokens(100))
        .send()
        .await
        .unwrap()
        .stream;
    // The start, and two deltas of four tokens.
    for _ in 0..3 {
        stream.recv().await.unwrap().unwrap();
    }
    assert_eq!(usage(&simulator).outstanding, 200);
    drop(stream);
    let usage = usage(&simulator);
    assert_eq!(
        (usage.settled, usage.output_tokens, usage.outstanding),
        (100 + 5 * 8, 8, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_plain_call_that_is_abandoned_pays_for_what_was_made_by_then() {
    let latency = Latency::new(Duration::from_millis(100), Duration::from_millis(10));
    let simulator = Simulator::new()
        .latency(latency)
        .model(Model::new(CLAUDE).burndown(5));
    let client = simulator.sdk_client();
    let call = call(&client, 16);
    tokio::time::timeout(Duration::from_millis(145), call)
        .await
        .unwrap_err();
    let usage = usage(&simulator);
    assert_eq!(
        (usage.output_tokens, usage.settled, usage.in_flight),
        (5, 125, 0)
    );
}

#[tokio::test]
async fn a_reset_starts_afresh() {
    let simulator = Simulator::new().model(Model::new(CLAUDE).requests_per_minute(1));
    let client = simulator.sdk_client();
    call(&client, 1).await.unwrap();
    call(&client, 1).await.unwrap_err();
    simulator.reset();
    assert_eq!(usage(&simulator).admitted, 0);
    call(&client, 1).await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_in_flight_over_a_reset_is_answered_and_no_longer_counted() {
    let latency = Latency::new(Duration::from_secs(2), Duration::ZERO);
    let simulator = Simulator::new().model(Model::new(CLAUDE).tokens_per_minute(1_000));
    let simulator = simulator.latency(latency);
    let client = simulator.sdk_client();
    let mut running = pin!(call(&client, 100));
    tokio::time::timeout(Duration::from_secs(1), &mut running)
        .await
        .unwrap_err();
    assert_eq!(usage(&simulator).in_flight, 1);
    simulator.reset();
    running.await.unwrap();
    let usage = usage(&simulator);
    assert_eq!(
        (usage.in_flight, usage.settled, usage.output_tokens),
        (0, 0, 0)
    );
    assert_eq!(usage.available.tokens_per_minute, Some(1_000));
}
