//! What is waited for, and what is made again.

use bedrock_sim::{Fault, Latency, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use futures_util::future::join_all;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, Error, ErrorKind, Request, Stack, StackLayer};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn sim() -> Simulator {
    Simulator::new().model(Model::new(MODEL))
}

/// The call's error, and how long it took.
async fn fails(stack: &Stack, text: &str) -> (Error, Duration) {
    let started = Instant::now();
    let call = stack.clone().oneshot(Request::new(prompt(text)));
    let error = call.await.expect_err("it is made to fail");
    (error, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn an_absurd_hint_is_told_and_not_waited_for() {
    let hints = [DAY, 1_000_000_000 * SECOND, Duration::from_millis(u64::MAX)];
    for hint in hints {
        for (fault, kind) in [
            (Fault::throttling(), ErrorKind::Throttled),
            (Fault::service_unavailable(), ErrorKind::Capacity),
        ] {
            for fault in [
                fault.clone().retry_after(hint),
                fault.http_retry_after(hint),
            ] {
                let sim = sim();
                sim.script([fault]);
                let (error, took) = fails(&stack(&sim), "hello").await;
                assert_eq!((error.kind(), error.attempts()), (kind, Some(1)));
                let told = error.retry_after().unwrap();
                assert!(hint <= told && told < hint + SECOND, "{told:?}");
                assert!(took < SECOND, "{took:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_a_quota_per_minute_explains_is_waited_for() {
    let sim = sim();
    sim.script([Fault::service_unavailable().http_retry_after(MINUTE)]);
    let started = Instant::now();
    let answer = stack(&sim).oneshot(Request::new(prompt("hello"))).await;
    assert_eq!(answer.unwrap().meta().attempts(), 2);
    assert!(started.elapsed() >= MINUTE, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_the_model_fails_on_is_sent_twice() {
    for fault in [Fault::model_error(), Fault::model_stream_error()] {
        let sim = sim();
        sim.script([fault.times(12)]);
        let (error, took) = fails(&stack(&sim), "hello").await;
        assert_eq!((error.status(), error.attempts()), (Some(424), Some(2)));
        assert!(took < MINUTE, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_hangs_is_asked_twice_and_the_error_says_so() {
    let sim = sim();
    sim.script([Fault::hang().times(12)]);
    let limit = 7 * MINUTE;
    let stack = StackLayer::new("us-east-1")
        .attempt_timeout(limit)
        .layer(Bedrock::new(sim.sdk_config()));
    let (error, took) = fails(&stack, "hello").await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Timeout, Some(2))
    );
    assert!(
        error.to_string().contains("attempt took longer than 420s"),
        "{error}"
    );
    assert!(took < 2 * limit + SECOND, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_longer_than_its_time_is_paid_for_twice_and_not_six_times() {
    let sim = sim().latency(Latency::new(150 * SECOND, Duration::ZERO));
    let stack = StackLayer::new("us-east-1")
        .attempt_timeout(2 * MINUTE)
        .layer(Bedrock::new(sim.sdk_config()));
    let (error, took) = fails(&stack, "hello").await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Timeout, Some(2))
    );
    assert!(took < 4 * MINUTE + SECOND, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn throttles_between_two_time_outs_do_not_count_as_them() {
    let sim = sim();
    sim.script([
        Fault::throttling().times(3),
        Fault::model_timeout(),
        Fault::throttling().times(3),
        Fault::model_timeout(),
        Fault::throttling(),
    ]);
    let (error, _) = fails(&stack(&sim), "hello").await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Timeout, Some(8))
    );
}

#[tokio::test(start_paused = true)]
async fn open_circuits_keep_no_call_longer_than_five_seconds_in_all() {
    let sim = sim();
    let layer = StackLayer::new("us-east-1");
    let circuits = layer.handle().circuits();
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    circuits.handle(&key).force_open_for(MINUTE);
    let long = fails(&stack, "hello").await;
    assert_eq!(long.0.kind(), ErrorKind::CircuitOpen);
    assert!(long.0.retry_after().unwrap() > 50 * SECOND);
    assert_eq!((long.0.attempts(), long.1), (Some(0), Duration::ZERO));

    // Opened for a little again and again, as it is in an outage.
    let handle = circuits.handle(&key);
    let outage = tokio::spawn(async move {
        for _ in 0..100 {
            handle.force_open_for(SECOND);
            tokio::time::sleep(SECOND / 10).await;
        }
    });
    tokio::task::yield_now().await;
    let texts: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    let calls = join_all(texts.iter().map(|text| fails(&stack, text))).await;
    for (error, took) in calls {
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::CircuitOpen, Some(0))
        );
        assert!(
            took > 3 * SECOND && took < 5 * SECOND + SECOND / 10,
            "{took:?}"
        );
    }
    outage.await.unwrap();
    assert_eq!(
        sim.usage().model(MODEL).map_or(0, |model| model.admitted),
        0
    );
}
