//! What tower's own retry promises holds here, too.

mod support;

use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::Duration,
};

use support::{Mock, by_message, next, plain_layer, soon};
use tokio::time::Instant;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_backoff::{BackoffLayer, Classify, Replay, Retry, Verdict};
use tower_test::mock;

/// Calls the service in a task of its own, so that the test can play the inner service.
fn call<C, R>(service: Retry<Mock, C, R>) -> tokio::task::JoinHandle<Result<&'static str, BoxError>>
where
    C: Classify<&'static str, BoxError> + Clone + Send + Sync + 'static,
    R: Replay<&'static str> + Send + Sync + 'static,
{
    tokio::spawn(soon(service.oneshot("hello")))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_failed_attempt_is_made_again() {
    let (inner, mut handle) = mock::pair();
    let answer = call(plain_layer().layer(inner));

    next(&mut handle, "hello").await.send_error("transient");
    next(&mut handle, "hello").await.send_response("world");
    assert_eq!(answer.await.unwrap().unwrap(), "world");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_last_error_is_returned_when_attempts_run_out() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().max_attempts(3);
    let answer = call(layer.layer(inner));

    next(&mut handle, "hello").await.send_error("transient 1");
    next(&mut handle, "hello").await.send_error("transient 2");
    next(&mut handle, "hello").await.send_error("transient 3");
    assert_eq!(
        answer.await.unwrap().unwrap_err().to_string(),
        "transient 3"
    );
    let counts = layer.handle().snapshot();
    assert_eq!((counts.attempts, counts.retries()), (3, 2));
    assert_eq!((counts.gave_up_attempts, counts.gave_up()), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_what_the_classifier_marks_is_retried() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer();
    let answer = call(layer.layer(inner));

    next(&mut handle, "hello").await.send_error("transient");
    next(&mut handle, "hello").await.send_error("refused");
    assert_eq!(answer.await.unwrap().unwrap_err().to_string(), "refused");
    assert_eq!(layer.handle().snapshot().gave_up(), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_response_may_be_worth_a_retry() {
    let (inner, mut handle) = mock::pair();
    let answer = call(plain_layer().layer(inner));

    next(&mut handle, "hello").await.send_response("throttled");
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_that_cannot_be_cloned_is_not_retried() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().replay(|_: &&'static str| None);
    let answer = call(layer.layer(inner));

    next(&mut handle, "hello").await.send_error("transient");
    assert_eq!(answer.await.unwrap().unwrap_err().to_string(), "transient");
    let counts = layer.handle().snapshot();
    assert_eq!((counts.gave_up_not_cloneable, counts.gave_up()), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_that_cannot_be_cloned_may_succeed() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().replay(|_: &&'static str| None);
    let answer = call(layer.layer(inner));

    next(&mut handle, "hello").await.send_response("world");
    assert_eq!(answer.await.unwrap().unwrap(), "world");
    assert_eq!(layer.handle().snapshot().gave_up(), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_replayed_request_may_differ_from_the_first() {
    let (inner, mut handle) = mock::pair();
    let answer = call(
        plain_layer()
            .replay(|_: &&'static str| Some("again"))
            .layer(inner),
    );

    next(&mut handle, "hello").await.send_error("transient");
    next(&mut handle, "again").await.send_response("world");
    assert_eq!(answer.await.unwrap().unwrap(), "world");
}

#[derive(Clone)]
struct TellsAttempts;

impl Classify<&'static str, BoxError> for TellsAttempts {
    fn classify(&self, result: &Result<&'static str, BoxError>) -> Verdict {
        by_message(result)
    }

    fn finished(&self, result: &mut Result<&'static str, BoxError>, attempts: u32) {
        *result = Err(format!("{result:?} after {attempts}").into());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_final_result_can_be_told_the_attempts_made() {
    let answers = [
        (vec!["fine"], r#"Ok("fine") after 1"#),
        (vec!["transient", "fine"], r#"Ok("fine") after 2"#),
        (vec!["transient", "refused"], r#"Ok("refused") after 2"#),
        (vec!["transient", "transient"], r#"Ok("transient") after 2"#),
    ];
    for (attempts, told) in answers {
        let (inner, mut handle) = mock::pair();
        let answer = call(
            BackoffLayer::new(TellsAttempts)
                .max_attempts(2)
                .layer(inner),
        );
        for response in attempts {
            next(&mut handle, "hello").await.send_response(response);
        }
        assert_eq!(answer.await.unwrap().unwrap_err().to_string(), told);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_cause_waits_by_its_own_backoff() {
    let (inner, mut handle) = mock::pair();
    let started = Instant::now();
    let answer = call(plain_layer().layer(inner));

    let mut at = Vec::new();
    for response in ["transient", "throttled", "transient", "throttled"] {
        let reply = next(&mut handle, "hello").await;
        at.push(started.elapsed().as_millis());
        reply.send_error(response);
    }
    next(&mut handle, "hello").await.send_response("fine");
    at.push(started.elapsed().as_millis());
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
    // Waits of 100, 1000, 200 and 2000 ms: each cause doubles its own step only.
    assert_eq!(at, [0, 100, 1_100, 1_300, 3_300]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_base_of_zero_retries_at_once_and_needs_no_clock() {
    let zero = tower_backoff::Backoff::new(Duration::ZERO, Duration::ZERO);
    let layer = BackoffLayer::new(|_: &Result<(), BoxError>| Verdict::transient())
        .transient(zero)
        .max_attempts(4);
    let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    service.oneshot(()).await.unwrap();
    assert_eq!(layer.handle().snapshot().attempts, 4);
}

#[tokio::test(flavor = "current_thread")]
async fn a_call_that_never_waits_lets_others_run() {
    let zero = tower_backoff::Backoff::new(Duration::ZERO, Duration::ZERO);
    let layer = BackoffLayer::new(|_: &Result<(), BoxError>| Verdict::transient())
        .transient(zero)
        .budget(tower_backoff::Budget::unlimited())
        .max_attempts(1_000);
    let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    let mut call = Box::pin(service.oneshot(()));
    let first = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
    assert!(first.is_pending());
    assert!(layer.handle().snapshot().attempts < 100);
    call.await.unwrap();
    assert_eq!(layer.handle().snapshot().attempts, 1_000);
}
