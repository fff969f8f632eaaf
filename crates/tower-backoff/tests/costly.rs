//! What was likely paid for is tried once more, and not for ever.

mod support;

use std::{
    future::{pending, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use proptest::prelude::*;
use support::{Req, next, plain_layer, soon};
use tokio::time::Instant;
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_backoff::{
    AttemptTimeout, AttemptTimeoutLayer, Backoff, BackoffLayer, Budget, Snapshot, Verdict,
};
use tower_test::mock;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn two_costly_attempts_are_all_there_are_by_default() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().max_attempts(12);
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    let started = Instant::now();
    next(&mut handle, "hello").await.send_error("costly 1");
    next(&mut handle, "hello").await.send_error("costly 2");
    assert_eq!(answer.await.unwrap().unwrap_err().to_string(), "costly 2");
    assert_eq!(started.elapsed(), Duration::from_millis(100));
    let counts = layer.handle().snapshot();
    assert_eq!(
        (counts.attempts, counts.costly, counts.retries()),
        (2, 1, 1)
    );
    assert_eq!((counts.gave_up_costly, counts.gave_up()), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_costly_failure_waits_by_the_transient_schedule() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().max_costly_attempts(3);
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    let started = Instant::now();
    let mut at = Vec::new();
    for failure in ["transient", "costly", "costly 500ms"] {
        let reply = next(&mut handle, "hello").await;
        at.push(started.elapsed().as_millis());
        reply.send_error(failure);
    }
    next(&mut handle, "hello").await.send_response("fine");
    at.push(started.elapsed().as_millis());
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
    assert_eq!(at, [0, 100, 300, 800]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_that_hangs_is_asked_twice_and_the_time_out_is_the_answer() {
    let limit = Duration::from_secs(420);
    let layer = BackoffLayer::new(|result: &Result<Req, BoxError>| match result {
        Err(error) if error.is::<AttemptTimeout>() => Verdict::costly(),
        _ => Verdict::Done,
    })
    .max_attempts(12);
    let service = ServiceBuilder::new()
        .layer(&layer)
        .layer(AttemptTimeoutLayer::new(limit))
        .service(service_fn(|_: Req| pending()));
    let started = Instant::now();
    let error = soon(service.oneshot("hello")).await.unwrap_err();
    assert_eq!(error.to_string(), "attempt took longer than 420s");
    assert!(started.elapsed() < 2 * limit + Duration::from_secs(1));
    assert_eq!(layer.handle().snapshot().attempts, 2);
}

/// The plainest reading of the documentation: the attempts made, and why there was no other.
fn plain(results: &[&str], max: u32, costly: u32) -> (u64, Option<&'static str>) {
    let (mut attempts, mut paid) = (1, 0);
    for result in results {
        match *result {
            "fine" => return (attempts, None),
            // It is the same attempt again; so few of them never take the 5 seconds.
            "rejected" if max > 1 => continue,
            "costly" => paid += 1,
            _ => {}
        }
        if attempts == u64::from(max) {
            return (attempts, Some("attempts"));
        }
        if *result == "costly" && paid == costly {
            return (attempts, Some("costly"));
        }
        attempts += 1;
    }
    unreachable!("the last result is fine")
}

fn cause(counts: &Snapshot) -> Option<&'static str> {
    match (
        counts.gave_up(),
        counts.gave_up_attempts,
        counts.gave_up_costly,
    ) {
        (0, 0, 0) => None,
        (1, 1, 0) => Some("attempts"),
        (1, 0, 1) => Some("costly"),
        other => panic!("{other:?}"),
    }
}

const WORDS: [&str; 4] = ["throttled", "transient", "costly", "rejected"];

proptest! {
    #[test]
    fn mixed_failures_count_as_the_plain_words_say(
        failures in prop::collection::vec(0..WORDS.len(), 0..4),
        more in prop::collection::vec(0..WORDS.len() - 1, 0..12),
        max in 1..9_u32,
        costly in 1..5_u32,
    ) {
        let mut results: Vec<_> = failures.into_iter().chain(more).map(|n| WORDS[n]).collect();
        results.push("fine");
        let layer = plain_layer()
            .throttled(Backoff::new(Duration::ZERO, Duration::ZERO))
            .transient(Backoff::new(Duration::ZERO, Duration::ZERO))
            .budget(Budget::unlimited())
            .max_attempts(max)
            .max_costly_attempts(costly);
        let script = results.clone();
        let next = Arc::new(AtomicUsize::new(0));
        let service = layer.layer(service_fn(move |_: Req| {
            let result = script[next.fetch_add(1, Ordering::Relaxed)];
            ready(Ok::<_, BoxError>(result))
        }));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let _ = runtime.block_on(soon(service.oneshot("hello")));
        let counts = layer.handle().snapshot();
        prop_assert_eq!((counts.attempts, cause(&counts)), plain(&results, max, costly));
    }
}
