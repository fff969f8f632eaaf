//! Which Region a call goes to: the first one where its wait is short, else the one where it is shortest.

mod common;
#[path = "common/regions.rs"]
mod two;

use common::{MODEL, prompt, simulator, stream_prompt};
use futures_util::future::join_all;
use std::time::Duration;
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Regions, Request, policy::Quotas};
use two::{EAST, WEST, admitted, bedrock_in, call, limited, listed, quotas, stack_of, throttled};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_second_region_sees_nothing_while_the_first_has_room() {
    let (east, west) = (limited(60), limited(60));
    let (stack, _) = stack_of(listed(&east, &west), quotas(60, 60));
    for number in 0..90 {
        let (answer, wait) = call(&stack, number).await;
        assert_eq!(answer.unwrap().meta().region(), Some(EAST));
        // Patience has no reason to end.
        assert!(wait <= Duration::from_secs(3), "{wait:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!((admitted(&east), admitted(&west)), (90, 0));
    assert_eq!((throttled(&east), throttled(&west)), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_the_first_region_has_no_room_for_goes_to_the_second() {
    let (east, west) = (limited(60), limited(60));
    let (stack, _) = stack_of(listed(&east, &west), quotas(60, 60));
    // All futures are made before any of them is polled.
    let calls = (0..240).map(|number| call(&stack, number));
    let mut longest = Duration::ZERO;
    for (answer, wait) in join_all(calls).await {
        answer.unwrap();
        longest = longest.max(wait);
    }
    let (one, other) = (admitted(&east), admitted(&west));
    assert_eq!(one + other, 240);
    assert!(one.abs_diff(other) <= 12, "{one} {other}");
    assert_eq!((throttled(&east), throttled(&west)), (0, 0));
    // As one Region of twice the quota would take it.
    let sim = limited(120);
    let (single, _) = stack_of(
        Regions::of([(EAST, bedrock_in(&sim, EAST))]),
        quotas(120, 120),
    );
    let calls = (0..240).map(|number| call(&single, number));
    let longest_of_one = join_all(calls)
        .await
        .into_iter()
        .map(|(_, wait)| wait)
        .max();
    let longest_of_one = longest_of_one.unwrap();
    assert!(
        longest <= longest_of_one.mul_f64(1.05),
        "{longest:?} and {longest_of_one:?} of one"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_region_with_a_quota_of_0_is_passed_by() {
    let (east, west) = (limited(60), limited(60));
    let (stack, _) = stack_of(listed(&east, &west), quotas(0, 60));
    let (answer, wait) = call(&stack, "one").await;
    assert_eq!(answer.unwrap().meta().region(), Some(WEST));
    assert_eq!(wait, Duration::ZERO);
    // Where it is everywhere so, the rejection says it.
    let (none, _) = stack_of(listed(&east, &west), quotas(0, 0));
    let (refused, wait) = call(&none, "two").await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::QuotaRejected);
    assert!(refused.to_string().contains("quota of 0"), "{refused}");
    assert_eq!(wait, Duration::ZERO);
    assert_eq!(admitted(&east), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_may_not_wait_is_rejected_only_if_no_region_is_in_time() {
    let (east, west) = (limited(6), limited(6));
    let (stack, _) = stack_of(listed(&east, &west), quotas(6, 6));
    let mut regions = Vec::new();
    let refused = loop {
        let request = Request::new(prompt(&regions.len().to_string()));
        let request = request.max_wait(Duration::from_secs(2));
        match stack.clone().oneshot(request).await {
            Ok(answer) => regions.push(answer.meta().region().unwrap().to_owned()),
            Err(error) => break error,
        }
        assert!(regions.len() < 20);
    };
    let of = |name: &str| regions.iter().filter(|region| *region == name).count();
    assert!(of(EAST) > 0 && of(EAST) == of(WEST), "{regions:?}");
    assert_eq!(refused.kind(), ErrorKind::QuotaRejected);
    assert!(refused.retry_after().unwrap() > Duration::from_secs(2));
    assert_eq!(refused.attempts(), Some(0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_that_names_its_region_goes_nowhere_else() {
    let (east, west) = (limited(60), limited(60));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(60, 60));
    let request = |text: &str| Request::new(prompt(text)).region(WEST);
    let answer = stack.clone().oneshot(request("one")).await.unwrap();
    assert_eq!(answer.meta().region(), Some(WEST));
    let key = format!("{WEST}/{MODEL}");
    handle.circuits().handle(&key.into()).force_open();
    let error = stack.clone().oneshot(request("two")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    assert_eq!(error.region(), Some(WEST));
    assert_eq!(admitted(&east), 0);
    let elsewhere = Request::new(prompt("three")).region("eu-west-1");
    let error = stack.oneshot(elsewhere).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error
            .to_string()
            .contains("not listed: us-east-1, us-west-2"),
        "{error}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn streams_are_chosen_for_alike() {
    let (east, west) = (limited(60), limited(60));
    let (stack, _) = stack_of(listed(&east, &west), quotas(0, 60));
    let stream = stack.oneshot(stream_prompt("hello").into()).await.unwrap();
    assert_eq!(stream.meta().region(), Some(WEST));
    assert!(stream.message().await.unwrap().output().is_some());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn without_a_quota_the_first_region_has_all_calls() {
    let (east, west) = (simulator(), simulator());
    let regions = listed(&east, &west);
    let layer = tower_bedrock::StackLayer::new(&regions).without_quota();
    let stack = tower::Layer::layer(&layer, regions);
    for number in 0..20 {
        stack
            .clone()
            .oneshot(prompt(&number.to_string()).into())
            .await
            .unwrap();
    }
    assert_eq!((admitted(&east), admitted(&west)), (20, 0));
    drop(Quotas::new());
}
