//! A call that waits in one Region moves when another one is free earlier, and not once it is sent.

mod common;
#[path = "common/regions.rs"]
mod two;

use bedrock_sim::{Latency, Model, Simulator};
use common::{MODEL, prompt};
use futures_util::future::join_all;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Regions, Request, Stack, stack::Handle};
use two::{EAST, WEST, admitted, call, limited, listed, quotas, stack_of};

const MINUTE: Duration = Duration::from_secs(60);

fn key(region: &str) -> Arc<str> {
    format!("{region}/{MODEL}").into()
}

/// Calls until the next one would wait in the East for longer than patience, with the West shut.
async fn with_a_line_in_the_east(stack: &Stack<Regions>, handle: &Handle) {
    handle.circuits().handle(&key(WEST)).force_open();
    // Whoever has to wait is let go to find out how the server counts, a few times.
    for number in 0.. {
        let text = format!("before {number}");
        match timeout(Duration::from_secs(2), call(stack, text)).await {
            Ok((answer, _)) => drop(answer.expect("it is answered in time")),
            Err(_) => break,
        }
    }
    let wait = handle.quota().wait_for(&key(EAST), 1);
    assert!(wait > Duration::from_secs(8), "{wait:?}");
}

fn waiting(handle: &Handle, region: &str) -> (u64, u64) {
    let quota = handle.quota().snapshot(&key(region));
    let quota = quota.expect("it was called");
    (quota.queued as u64, quota.pending_calls)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_waiting_call_moves_to_a_region_that_is_free_again() {
    let (east, west) = (limited(6), limited(60));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(6, 60));
    with_a_line_in_the_east(&stack, &handle).await;
    let waits = tokio::spawn({
        let stack = stack.clone();
        async move { call(&stack, "waits").await }
    });
    sleep(Duration::from_secs(2)).await;
    assert_eq!(waiting(&handle, EAST).0, 1);
    let before = Instant::now();
    handle.circuits().handle(&key(WEST)).reset();
    let (answer, _) = waits.await.unwrap();
    let answer = answer.unwrap();
    assert_eq!(answer.meta().region(), Some(WEST));
    assert_eq!(answer.meta().attempts(), 1);
    // It looks around every few seconds, for it has long to wait.
    assert!(
        before.elapsed() <= Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
    assert_eq!(waiting(&handle, EAST), (0, 0), "it gave its place back");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_was_sent_stays_however_slow_its_region_is() {
    let slow = Latency::new(Duration::from_secs(120), Duration::ZERO);
    let east = Simulator::new().model(Model::new(MODEL)).latency(slow);
    let west = limited(600);
    let (stack, handle) = stack_of(listed(&east, &west), quotas(600, 600));
    let calls = (0..5).map(|number| call(&stack, number));
    for (answer, time) in join_all(calls).await {
        assert_eq!(answer.unwrap().meta().region(), Some(EAST));
        assert!(time >= 2 * MINUTE);
    }
    assert_eq!((admitted(&east), admitted(&west)), (5, 0));
    drop(handle);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_is_given_up_while_it_waits_holds_nothing() {
    let (east, west) = (limited(6), limited(6));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(6, 6));
    // Each of them is given up at another moment, some after they moved.
    let calls = (0..80).map(|number| {
        let call = call(&stack, number);
        timeout(Duration::from_millis(1_500 + 731 * number), call)
    });
    let circuit = handle.circuits().handle(&key(WEST));
    let shuts = async {
        for _ in 0..10 {
            sleep(Duration::from_secs(3)).await;
            circuit.force_open();
            sleep(Duration::from_secs(3)).await;
            circuit.reset();
        }
    };
    let (results, ()) = tokio::join!(join_all(calls), shuts);
    let answered = results.iter().filter(|result| result.is_ok()).count();
    assert!(answered > 0 && answered < 60, "{answered}");
    for region in [EAST, WEST] {
        assert_eq!(waiting(&handle, region), (0, 0), "{region}");
        assert!(handle.snapshot().model(&key(region)).is_some());
    }
    // What was given up was not sent, so it was not charged.
    let sent = admitted(&east) + admitted(&west);
    assert_eq!(sent, answered as u64);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn closing_turns_waiting_calls_away_and_none_moves_on() {
    let (east, west) = (limited(6), limited(6));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(6, 6));
    let calls: Vec<_> = (0..40)
        .map(|number| {
            let stack = stack.clone();
            tokio::spawn(async move { call(&stack, number).await })
        })
        .collect();
    sleep(Duration::from_secs(5)).await;
    let sent = admitted(&east) + admitted(&west);
    handle.close();
    let mut closed = 0;
    for call in calls {
        if let (Err(error), time) = call.await.unwrap() {
            assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
            assert!(time <= Duration::from_secs(5), "{time:?}");
            closed += 1;
        }
    }
    assert_eq!(closed, 40 - sent);
    assert_eq!(admitted(&east) + admitted(&west), sent);
    let (later, time) = call(&stack, "later").await;
    assert_eq!(later.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(time, Duration::ZERO);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_batch_over_two_regions_takes_as_long_as_over_one_of_both() {
    async fn makespan(stack: Stack<Regions>) -> Duration {
        let start = Instant::now();
        let worker = |worker: u32| {
            let stack = stack.clone();
            async move {
                for number in 0..6 {
                    let text = format!("{worker} {number}");
                    stack.clone().oneshot(prompt(&text).into()).await.unwrap();
                }
            }
        };
        join_all((0..50).map(worker)).await;
        start.elapsed()
    }
    let half = Latency::new(Duration::from_millis(500), Duration::ZERO);
    let sim = |calls| limited(calls).latency(half);
    let (east, west, both) = (sim(60), sim(60), sim(120));
    let (stack, _) = stack_of(listed(&east, &west), quotas(60, 60));
    let two = makespan(stack).await;
    let regions = Regions::of([(EAST, two::bedrock_in(&both, EAST))]);
    let (stack, _) = stack_of(regions, quotas(120, 0));
    let one = makespan(stack).await;
    assert!(two <= one.mul_f64(1.05), "{two:?} and {one:?}");
    let throttled = two::throttled(&east) + two::throttled(&west);
    assert!(throttled <= 6, "{throttled} of 300 throttled");
    assert!(admitted(&east) >= 140, "{}", admitted(&east));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_bounded_wait_holds_across_regions() {
    let (east, west) = (limited(6), limited(60));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(6, 60));
    with_a_line_in_the_east(&stack, &handle).await;
    // In time in neither, and in the East.
    for (wait, is_in_time) in [(2, false), (90, true)] {
        let start = Instant::now();
        let request = Request::new(prompt(&wait.to_string())).max_wait(Duration::from_secs(wait));
        let result = stack.clone().oneshot(request).await;
        assert_eq!(result.is_ok(), is_in_time, "{wait}: {result:?}");
        assert!(
            start.elapsed() <= Duration::from_secs(wait),
            "{:?}",
            start.elapsed()
        );
    }
}
