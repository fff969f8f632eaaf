//! A call that waits for an attempt for too long fails in time, and says how long it takes.

mod common;

use bedrock_sim::{Fault, Latency, Model, Simulator};
use common::{MODEL, bedrock, prompt, simulator};
use futures_util::future::join_all;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Error, ErrorKind, Request, Stack, StackLayer,
    policy::{ModelQuota, Quotas, RetryPolicy},
};

const SECOND: Duration = Duration::from_secs(1);
const BOUND: Duration = Duration::from_secs(5);

fn six_a_minute() -> Simulator {
    Simulator::new().model(Model::new(MODEL).requests_per_minute(6))
}

fn told() -> Quotas {
    Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(6))
}

/// How each of some calls ended, and after what time.
async fn calls(stack: &Stack, number: usize) -> Vec<(Duration, Result<(), Error>)> {
    let start = Instant::now();
    let calls = (0..number).map(|number| async move {
        let call = stack.clone().oneshot(prompt(&format!("{number}")).into());
        let call = timeout(Duration::from_secs(365 * 86_400), call);
        let result = call.await.expect("it does not hang").map(drop);
        (start.elapsed(), result)
    });
    join_all(calls).await
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_that_would_wait_longer_for_its_turn_fails_at_once() {
    let sim = six_a_minute();
    let layer = StackLayer::new("us-east-1").quotas(told()).max_wait(BOUND);
    let ended = calls(&layer.layer(bedrock(&sim)), 20).await;
    let (well, failed): (Vec<_>, Vec<_>) = ended.into_iter().partition(|(_, end)| end.is_ok());
    assert!(!well.is_empty() && failed.len() > 10);
    for (time, error) in failed {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QuotaRejected, "{error}");
        assert_eq!(
            (time, error.attempts()),
            (Duration::ZERO, Some(0)),
            "{error}"
        );
        assert!(error.retry_after().unwrap() > BOUND, "{error}");
        assert!(
            error.to_string().contains("longer than a call may wait"),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_whose_quota_nobody_told_fails_within_the_time() {
    let sim = six_a_minute();
    let layer = StackLayer::new("us-east-1").max_wait(BOUND);
    let ended = calls(&layer.layer(bedrock(&sim)), 40).await;
    let failed: Vec<_> = ended.iter().filter(|(_, end)| end.is_err()).collect();
    assert!(failed.len() > 20);
    for (time, error) in failed {
        let error = error.as_ref().unwrap_err();
        assert!(*time <= BOUND, "{error} after {time:?}");
        assert!(error.retry_after().is_some(), "{error}");
        let kinds = [ErrorKind::QuotaRejected, ErrorKind::Throttled];
        assert!(kinds.contains(&error.kind()), "{error}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn retries_and_their_turns_share_the_time() {
    let sim = simulator();
    sim.script([Fault::throttling().times(1000)]);
    let layer = StackLayer::new("us-east-1").max_wait(BOUND);
    let ended = calls(&layer.layer(bedrock(&sim)), 3).await;
    for (time, error) in ended {
        let error = error.unwrap_err();
        assert!(time <= BOUND, "{error} after {time:?}");
        assert!(error.retry_after().is_some(), "{error}");
        assert!(error.attempts() >= Some(1), "{error}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_is_waited_for_no_longer() {
    let sim = simulator();
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    let patient = RetryPolicy::new().open_circuit(Duration::from_secs(60));
    let layer = StackLayer::new("us-east-1")
        .backoff(patient.layer_over_quota())
        .max_wait(BOUND);
    let stack = layer.layer(bedrock(&sim));
    let circuit = layer.handle().circuits().handle(&key);
    circuit.force_open_for(Duration::from_secs(30));
    let ended = calls(&stack, 1).await;
    let error = ended[0].1.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    assert_eq!(ended[0].0, Duration::ZERO);
    assert!(error.retry_after().unwrap() > BOUND);

    circuit.force_open_for(3 * SECOND);
    let ended = calls(&stack, 1).await;
    assert!(ended[0].1.is_ok());
    assert!((3 * SECOND..=BOUND).contains(&ended[0].0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_attempt_that_has_begun_may_take_longer() {
    let minute = Latency::new(Duration::from_secs(60), Duration::ZERO);
    let sim = Simulator::new().model(Model::new(MODEL)).latency(minute);
    let layer = StackLayer::new("us-east-1").max_wait(BOUND);
    let ended = calls(&layer.layer(bedrock(&sim)), 1).await;
    assert!(ended[0].1.is_ok() && ended[0].0 >= Duration::from_secs(60));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_that_sets_its_own_goes_by_that() {
    let sim = six_a_minute();
    let layer = StackLayer::new("us-east-1").quotas(told()).max_wait(BOUND);
    let stack = layer.layer(bedrock(&sim));
    let call = |number: usize, wait: Duration| {
        let request = Request::new(prompt(&format!("{number}"))).max_wait(wait);
        stack.clone().oneshot(request)
    };
    let patient = join_all((0..10).map(|n| call(n, Duration::from_secs(600)))).await;
    assert!(patient.iter().all(Result::is_ok));
    let hasty = join_all((10..20).map(|n| call(n, Duration::ZERO))).await;
    assert!(hasty.iter().filter(|end| end.is_err()).count() >= 9);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn for_a_web_server_each_call_ends_within_a_minute() {
    let sim = six_a_minute();
    // Some fail, some hang, and there are far more than the quota has room for.
    sim.script([
        Fault::service_unavailable().times(3),
        Fault::hang(),
        Fault::throttling().times(5),
    ]);
    let layer = StackLayer::for_web_server("us-east-1").quotas(told());
    let ended = calls(&layer.layer(bedrock(&sim)), 50).await;
    for (time, end) in ended {
        assert!(time <= Duration::from_secs(60), "{end:?} after {time:?}");
        if let Err(error) = end {
            let hangs = error.kind() == ErrorKind::Timeout;
            assert!(hangs || error.retry_after().is_some(), "{error}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_web_servers_numbers_can_be_set() {
    let sim = six_a_minute();
    let layer = StackLayer::for_web_server("us-east-1")
        .quotas(told())
        .max_wait(Duration::from_secs(600))
        .backoff(RetryPolicy::new().layer_over_quota());
    let ended = calls(&layer.layer(bedrock(&sim)), 20).await;
    assert!(ended.iter().all(|(_, end)| end.is_ok()));
}
