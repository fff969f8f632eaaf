//! What is concluded from what Bedrock says of its limits.

use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use bedrock_sim::{Fault, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use futures_util::future::join_all;
use std::{num::NonZeroU32, time::Duration};
use tokio::time::{Instant, advance, sleep};
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Request};

const OTHER: &str = "us.amazon.nova-micro-v1:0";
const HOUR: Duration = Duration::from_secs(3600);

fn admitted(sim: &Simulator, model: &str) -> u64 {
    sim.usage().model(model).map_or(0, |model| model.admitted)
}

#[tokio::test(start_paused = true)]
async fn a_limit_per_day_stops_such_calls_for_an_hour_and_no_other_model() {
    let sim = Simulator::new()
        .model(Model::new(MODEL))
        .model(Model::new(OTHER));
    let stack = stack(&sim);
    sim.script([Fault::throttling_daily()]);
    let spent = stack.clone().oneshot(Request::new(prompt("one")));
    let spent = spent.await.unwrap_err();
    assert_eq!(
        (spent.kind(), spent.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );

    // However long it may wait, an hour without a word is not what it meant.
    let start = Instant::now();
    let patient = Request::new(prompt("two")).timeout(2 * HOUR);
    let refused = stack.clone().oneshot(patient).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );
    assert_eq!(refused.retry_after(), Some(HOUR));
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(admitted(&sim, MODEL), 0);

    let mut other = prompt("three");
    other.model_id = Some(OTHER.to_owned());
    stack.clone().oneshot(Request::new(other)).await.unwrap();

    advance(HOUR).await;
    stack.oneshot(Request::new(prompt("four"))).await.unwrap();
}

/// A prompt that sets no `max_tokens`: it reserves the 64,000 that the model can write.
fn unbounded(text: &str) -> Request<ConverseInput> {
    let mut input = prompt(text);
    input.inference_config = None;
    Request::new(input)
}

#[tokio::test(start_paused = true)]
async fn a_day_too_small_for_one_call_serves_smaller_ones() {
    let sim = Simulator::new().model(Model::new(MODEL).tokens_per_day(60_000));
    let stack = stack(&sim);
    let error = stack.clone().oneshot(unbounded("large")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    for n in 0..10 {
        let call = stack.clone().oneshot(Request::new(prompt(&n.to_string())));
        call.await.unwrap();
    }
    let error = stack.oneshot(unbounded("again")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );
    assert!(error.retry_after() > Some(HOUR / 2), "{error:?}");
    assert_eq!(sim.usage().model(MODEL).unwrap().throttled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_larger_than_the_minute_is_told_to_set_max_tokens_and_small_ones_do_not_notice() {
    let sim = Simulator::new().model(Model::new(MODEL).tokens_per_minute(50_000));
    let stack = stack(&sim);
    let small = async {
        let mut longest = Duration::ZERO;
        for n in 0..100 {
            let start = Instant::now();
            let call = stack.clone().oneshot(Request::new(prompt(&n.to_string())));
            call.await.unwrap();
            longest = longest.max(start.elapsed());
            sleep(Duration::from_secs(2)).await;
        }
        longest
    };
    let large = async {
        sleep(Duration::from_secs(30)).await;
        let start = Instant::now();
        let call = stack.clone().oneshot(unbounded("large"));
        (call.await.unwrap_err(), start.elapsed())
    };
    let (longest, (error, took)) = tokio::join!(small, large);
    assert_eq!(error.kind(), ErrorKind::QuotaRejected, "{error}");
    assert!(
        error.to_string().contains("set a lower max_tokens"),
        "{error}"
    );
    assert!(took < Duration::from_secs(120), "{took:?}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn one_callers_absurd_hint_holds_nobody_for_longer_than_a_minute() {
    for hint in [86_400, 1_000_000_000, u64::MAX / 1000] {
        for fault in [Fault::throttling(), Fault::service_unavailable()] {
            let sim = Simulator::new().model(Model::new(MODEL));
            let stack = stack(&sim);
            sim.script([fault.retry_after(Duration::from_secs(hint))]);
            let hinted = tokio::spawn(stack.clone().oneshot(Request::new(prompt("one"))));
            sleep(Duration::from_secs(1)).await;
            let start = Instant::now();
            stack.oneshot(Request::new(prompt("two"))).await.unwrap();
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(62), "{waited:?}");
            hinted.abort();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_between_throttles_is_no_run_of_throttles() {
    let sim = Simulator::new().model(Model::new(MODEL));
    let stack = stack(&sim);
    sim.script([Fault::throttling()]);
    let once = Request::new(prompt("once")).max_attempts(NonZeroU32::MIN);
    stack.clone().oneshot(once).await.unwrap_err();
    advance(Duration::from_secs(600)).await;
    sim.script([Fault::throttling().times(20)]);
    let calls = (0..20).map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
    for answer in join_all(calls).await {
        answer.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn callers_with_deadlines_are_not_refused_on_a_guess() {
    let sim = Simulator::new().model(Model::new(MODEL));
    let stack = stack(&sim);
    let calls = (0..2000).map(|n| {
        let call = Request::new(prompt(&n.to_string())).timeout(Duration::from_secs(60));
        stack.clone().oneshot(call)
    });
    for answer in join_all(calls).await {
        answer.unwrap();
    }
}
