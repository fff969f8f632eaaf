//! A call that fails in one Region goes to another one at once, if that may make it good.

mod common;
#[path = "common/regions.rs"]
mod two;

use bedrock_sim::{Fault, Latency, Simulator, StreamException};
use common::{MODEL, prompt, simulator, stream_prompt};
use futures_util::future::join_all;
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    ErrorKind, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};
use two::{EAST, WEST, admitted, call, limited, listed, quotas, stack_of};

fn faulted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |usage| usage.faulted)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_another_region_makes_good_moves_without_a_pause() {
    for fault in [
        Fault::throttling(),
        Fault::service_unavailable(),
        Fault::internal_server(),
        Fault::model_not_ready(),
        Fault::service_quota_exceeded(),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        east.script([fault.clone().times(1000)]);
        let start = Instant::now();
        // Moves are no attempts of the retry layer's.
        let request = Request::new(prompt("hello")).max_attempts(NonZeroU32::MIN);
        let answer = stack.oneshot(request).await.unwrap();
        assert_eq!(answer.meta().region(), Some(WEST), "{fault:?}");
        assert_eq!(answer.meta().attempts(), 2, "{fault:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{fault:?}");
        assert_eq!((faulted(&east), admitted(&west)), (1, 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_moves_before_its_first_event() {
    for fault in [
        Fault::throttling(),
        Fault::stream_exception(StreamException::Throttling).at(0),
        Fault::stream_exception(StreamException::ServiceUnavailable).at(0),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        east.script([fault.clone().times(1000)]);
        let start = Instant::now();
        let stream = stack.oneshot(stream_prompt("hello").into()).await.unwrap();
        assert_eq!(stream.meta().region(), Some(WEST), "{fault:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{fault:?}");
        assert!(stream.message().await.unwrap().output().is_some());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_callers_own_faults_stay() {
    for (fault, kind) in [
        (Fault::validation(), ErrorKind::Invalid),
        (Fault::access_denied(), ErrorKind::AccessDenied),
        (Fault::model_error(), ErrorKind::Transient),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        let fault = fault.message("It is the prompt's own fault.");
        east.script([fault.clone().times(1000)]);
        let request = Request::new(prompt("hello")).max_attempts(NonZeroU32::MIN);
        let error = stack.oneshot(request).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.region(), Some(EAST));
        assert_eq!((faulted(&east), admitted(&west)), (1, 0), "{fault:?}");
    }
}

fn key(region: &str) -> Arc<str> {
    format!("{region}/{MODEL}").into()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_retry_after_a_time_out_is_made_elsewhere() {
    let (east, west) = (simulator(), simulator());
    let regions = listed(&east, &west);
    let layer = StackLayer::new(&regions).attempt_timeout(Duration::from_secs(10));
    let stack = layer.layer(regions);
    east.script([Fault::hang().times(1000)]);
    let answer = stack.clone().oneshot(prompt("hello").into()).await.unwrap();
    assert_eq!(answer.meta().region(), Some(WEST));
    assert_eq!(answer.meta().attempts(), 2);
    assert_eq!((faulted(&east), admitted(&west)), (1, 1));
    // It may have been charged, so it is the retry layer's to say whether there is another one.
    let request = Request::new(prompt("once")).max_attempts(NonZeroU32::MIN);
    let error = stack.oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.region(), Some(EAST));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_region_of_a_time_out_is_avoided_even_if_another_one_refused_the_call_since() {
    let (east, west) = (simulator(), simulator());
    let regions = listed(&east, &west);
    let layer = StackLayer::new(&regions).attempt_timeout(Duration::from_secs(10));
    let handle = layer.handle();
    let stack = layer.layer(regions);
    east.script([Fault::hang().times(1000)]);
    let answer = tokio::spawn(stack.oneshot(prompt("hello").into()));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(faulted(&east), 1);
    // Of two that are shut at the time-out a call goes to the one that opens earlier, which refuses it.
    let circuit = |region| handle.circuits().handle(&key(region));
    circuit(EAST).force_open_for(Duration::from_secs(1000));
    circuit(WEST).force_open_for(Duration::from_secs(9));
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(circuit(WEST).snapshot().rejections, 1);
    // The retry finds both of them free.
    circuit(EAST).reset();
    let answer = answer.await.expect("no panic").expect("it is answered");
    assert_eq!(answer.meta().region(), Some(WEST));
    assert_eq!((faulted(&east), admitted(&west)), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn where_all_circuits_are_open_the_shortest_wait_counts() {
    let (east, west) = (simulator(), simulator());
    let (stack, handle) = stack_of(listed(&east, &west), Quotas::new());
    let open = |region, seconds| {
        let circuit = handle.circuits().handle(&key(region));
        circuit.force_open_for(Duration::from_secs(seconds));
    };
    open(EAST, 100);
    open(WEST, 3);
    let (answer, wait) = call(&stack, "one").await;
    assert_eq!(answer.unwrap().meta().region(), Some(WEST));
    assert!(
        wait >= Duration::from_secs(3) && wait < Duration::from_secs(4),
        "{wait:?}"
    );
    open(EAST, 60);
    open(WEST, 90);
    let (error, wait) = call(&stack, "two").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    assert_eq!(error.region(), Some(EAST));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(error.attempts(), Some(0));
    assert_eq!(wait, Duration::ZERO);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_is_worse_than_any_wait() {
    let (east, west) = (limited(60), limited(6));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(60, 6));
    handle
        .circuits()
        .handle(&key(EAST))
        .force_open_for(Duration::from_secs(1000));
    let calls = (0..9).map(|number| call(&stack, number));
    for (answer, _) in join_all(calls).await {
        assert_eq!(answer.unwrap().meta().region(), Some(WEST));
    }
    assert_eq!(admitted(&east), 0);
    let asked = handle.circuits().handle(&key(EAST)).snapshot();
    assert_eq!(asked.rejections, 0, "nobody goes there to be turned away");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_too_large_for_one_quota_may_fit_another() {
    let (east, west) = (simulator(), simulator());
    let quota = |tokens| ModelQuota::new().tokens_per_minute(tokens);
    let quotas = |east, west| {
        Quotas::new()
            .model_in(EAST, MODEL, quota(east))
            .model_in(WEST, MODEL, quota(west))
    };
    let (stack, _) = stack_of(listed(&east, &west), quotas(100, 10_000));
    let (answer, _) = call(&stack, "hello").await;
    assert_eq!(answer.unwrap().meta().region(), Some(WEST));
    let (stack, _) = stack_of(listed(&east, &west), quotas(100, 50));
    let (error, _) = call(&stack, "hello").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaRejected);
    assert_eq!(error.attempts(), Some(0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_error_that_tells_most_goes_up() {
    let once = |text: &str| Request::new(prompt(text)).max_attempts(NonZeroU32::MIN);
    // What the second one says, and what goes up of both.
    for (second, region, kind, attempts) in [
        (Fault::service_unavailable(), EAST, ErrorKind::Throttled, 2),
        (Fault::validation(), WEST, ErrorKind::Invalid, 2),
        // Another account's permissions say nothing of the Region that has room again.
        (Fault::access_denied(), EAST, ErrorKind::Throttled, 2),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        east.script([Fault::throttling().times(1000)]);
        west.script([second.message("Something else.").times(1000)]);
        let error = stack.oneshot(once("hello")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.region()),
            (kind, Some(region)),
            "{error}"
        );
        assert_eq!(error.attempts(), Some(attempts), "{error}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_fault_that_passes_is_retried_where_no_other_region_has_room_soon() {
    let (east, west) = (simulator(), limited(6));
    let (stack, handle) = stack_of(listed(&east, &west), quotas(600, 6));
    // A line in the West, longer than patience.
    for number in 0..20 {
        let stack = stack.clone();
        let request = Request::new(prompt(&format!("west {number}"))).region(WEST);
        tokio::spawn(stack.oneshot(request));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(handle.quota().wait_for(&key(WEST), 1) > Duration::from_secs(60));
    east.script([Fault::service_unavailable().times(2)]);
    let (answer, wait) = call(&stack, "hello").await;
    let answer = answer.unwrap();
    assert_eq!(answer.meta().region(), Some(EAST));
    assert_eq!(answer.meta().attempts(), 3);
    assert!(wait < Duration::from_secs(10), "{wait:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_who_share_a_call_share_its_way() {
    let slow = Latency::new(Duration::from_secs(5), Duration::ZERO);
    let (east, west) = (simulator(), simulator().latency(slow));
    let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
    east.script([Fault::throttling().times(1)]);
    let calls = (0..10).map(|_| call(&stack, "the same"));
    for (answer, _) in join_all(calls).await {
        assert_eq!(answer.unwrap().meta().region(), Some(WEST));
    }
    assert_eq!((faulted(&east), admitted(&west)), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_region_that_is_down_costs_nobody_time_and_is_used_again_after_that() {
    let (east, west) = (simulator(), simulator());
    let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
    let down = Duration::from_secs(30)..Duration::from_secs(150);
    east.script([Fault::service_unavailable().during(down).times(1_000_000)]);
    let start = Instant::now();
    let mut back = None;
    for number in 0..900 {
        let (answer, wait) = call(&stack, number).await;
        let answer = answer.unwrap();
        assert!(wait <= Duration::from_secs(2), "{wait:?}");
        let now = start.elapsed();
        let is_first = answer.meta().region() == Some(EAST);
        match now.as_secs() {
            0..29 => assert!(is_first),
            // The simulator's own clock began a little earlier or later.
            31..149 => assert!(!is_first, "{now:?}"),
            _ => {}
        }
        if now > Duration::from_secs(150) && is_first && back.is_none() {
            back = Some(now - Duration::from_secs(150));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(
        back.is_some_and(|back| back <= Duration::from_secs(60)),
        "{back:?}"
    );
    // Few find it out.
    assert!(faulted(&east) <= 100, "{}", faulted(&east));
}
