//! What is concluded from what Bedrock says of its limits.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use aws_sdk_bedrockruntime::{operation::converse::ConverseInput, types::InferenceConfiguration};
use bedrock_sim::{Fault, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use futures_util::future::join_all;
use std::{num::NonZeroU32, time::Duration};
use tokio::time::{Instant, advance, sleep};
use tower::ServiceExt;
use tower_bedrock::{CacheUse, ErrorKind, Request};

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
        (ErrorKind::Exhausted, Some(0))
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
        (ErrorKind::Exhausted, Some(0))
    );
    assert!(error.retry_after() > Some(HOUR / 2), "{error:?}");
    assert_eq!(sim.usage().model(MODEL).unwrap().throttled, 1);
}

/// However long Bedrock says, no day is longer than a day.
#[tokio::test(start_paused = true)]
async fn a_hint_of_a_limit_per_day_holds_others_for_a_day_at_most() {
    for hint in [30 * 24 * HOUR, Duration::from_millis(u64::MAX)] {
        let sim = Simulator::new().model(Model::new(MODEL));
        let stack = stack(&sim);
        sim.script([Fault::throttling_daily().retry_after(hint)]);
        let told = stack.clone().oneshot(Request::new(prompt("one"))).await;
        assert_eq!(told.unwrap_err().retry_after(), Some(hint));
        let refused = stack.clone().oneshot(Request::new(prompt("two"))).await;
        assert_eq!(refused.unwrap_err().retry_after(), Some(24 * HOUR));
        advance(24 * HOUR).await;
        stack.oneshot(Request::new(prompt("three"))).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_zero_that_nobody_told_is_named_to_each_caller() {
    for (callers, model) in [
        (1, Model::new(MODEL).tokens_per_minute(0)),
        (5, Model::new(MODEL).tokens_per_minute(0)),
        (50, Model::new(MODEL).tokens_per_minute(0)),
        (5, Model::new(MODEL).requests_per_minute(0)),
    ] {
        let stack = stack(&Simulator::new().model(model));
        let start = Instant::now();
        let calls =
            (0..callers).map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
        for ended in join_all(calls).await {
            let error = ended.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}");
            assert!(error.to_string().contains("quota is 0"), "{error}");
        }
        // As soon as 150 s of throttles are over, with the wait for the next one.
        assert!(start.elapsed() < HOUR / 15, "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_larger_than_the_minute_is_told_to_set_max_tokens_and_small_ones_do_not_notice() {
    large_among_small(50_000, || unbounded("large"), 1, Duration::from_secs(2)).await;
}

#[tokio::test(start_paused = true)]
async fn so_it_is_with_other_sizes_with_rare_small_ones_and_with_several_large_ones() {
    let sized = |tokens| {
        move || {
            let limit = InferenceConfiguration::builder().max_tokens(tokens).build();
            let mut input = prompt("large");
            input.inference_config = Some(limit);
            Request::new(input)
        }
    };
    large_among_small(8_000, sized(30_000), 1, Duration::from_secs(5)).await;
    large_among_small(50_000, sized(60_000), 1, Duration::from_secs(20)).await;
    large_among_small(50_000, sized(64_000), 5, Duration::from_secs(2)).await;
}

/// Several calls that are larger than `quota`, from the thirtieth second on, while a small one is made
/// every so often.
async fn large_among_small(
    quota: u64,
    large: impl Fn() -> Request<ConverseInput>,
    number: usize,
    every: Duration,
) {
    let sim = Simulator::new().model(Model::new(MODEL).tokens_per_minute(quota));
    let stack = stack(&sim);
    let small = async {
        let mut longest = Duration::ZERO;
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(200) {
            let start = Instant::now();
            let text = format!("{:?}", began.elapsed());
            let call = stack.clone().oneshot(Request::new(prompt(&text)));
            call.await.unwrap();
            longest = longest.max(start.elapsed());
            sleep(every).await;
        }
        longest
    };
    let large = async {
        sleep(Duration::from_secs(30)).await;
        let start = Instant::now();
        // Equal ones would be one call to the cache.
        let calls = (0..number).map(|_| stack.clone().oneshot(large().cache(CacheUse::Bypass)));
        (join_all(calls).await, start.elapsed())
    };
    let (longest, (ended, took)) = tokio::join!(small, large);
    for call in ended {
        let error = call.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QuotaRejected, "{error}");
        let said = error.to_string();
        assert!(said.contains("set a lower max_tokens"), "{said}");
    }
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
    for n in 0..10 {
        sim.script([Fault::throttling()]);
        let once = Request::new(prompt(&format!("once {n}"))).max_attempts(NonZeroU32::MIN);
        stack.clone().oneshot(once).await.unwrap_err();
        advance(Duration::from_secs(600)).await;
    }
    let half_a_second = Duration::ZERO..Duration::from_millis(500);
    sim.script([Fault::throttling().rate(1.0).during(half_a_second)]);
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

/// The enum is open to newer causes, so the compiler cannot tell that one has no line.
#[test]
fn each_cause_of_a_rejection_says_which_kind_of_error_it_is() {
    let causes = include_str!("../crates/tower-quota/src/error.rs");
    let (_, causes) = causes.split_once("pub enum Cause {").expect("it is there");
    let (causes, _) = causes.split_once("\n}").expect("it ends");
    let names = causes.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        name.starts_with(char::is_uppercase)
            .then(|| name.trim_end_matches([',', '{', ' ']))
    });
    let names: Vec<_> = names.collect();
    assert_eq!(names.len(), 7, "{names:?}");
    let kinds = include_str!("../crates/tower-bedrock/src/error/from_layers.rs");
    for name in names {
        assert!(kinds.contains(&format!("Cause::{name}")), "{name}");
    }
}
