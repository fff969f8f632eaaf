//! A limit on the time of each attempt, inside the retries.

mod support;

use std::{future::pending, time::Duration};

use support::{next, plain_layer, soon};
use tokio::time::Instant;
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_backoff::{AttemptTimeout, AttemptTimeoutLayer, BackoffLayer, Verdict};
use tower_test::mock;

type Req = &'static str;

async fn hangs(_: Req) -> Result<Req, BoxError> {
    pending().await
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_slow_attempt_ends_with_its_own_error() {
    let limit = Duration::from_secs(30);
    let service = AttemptTimeoutLayer::new(limit).layer(service_fn(hangs));
    let started = Instant::now();
    let error = soon(service.oneshot("hello")).await.unwrap_err();
    assert_eq!(error.to_string(), "attempt took longer than 30s");
    assert_eq!(error.downcast::<AttemptTimeout>().unwrap().limit(), limit);
    assert_eq!(started.elapsed(), limit);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_quick_attempt_passes_through() {
    let (inner, mut handle) = mock::pair();
    let service = AttemptTimeoutLayer::new(Duration::from_secs(1)).layer(inner);
    let answer = tokio::spawn(soon(service.oneshot("hello")));
    let reply = next(&mut handle, "hello").await;
    tokio::time::advance(Duration::from_millis(900)).await;
    reply.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_request_may_have_its_own_limit_or_none() {
    let by_length = AttemptTimeoutLayer::new(|request: &Req| match request.len() {
        0 => None,
        n => Some(Duration::from_secs(n as u64)),
    });
    let service = by_length.layer(service_fn(hangs));
    let started = Instant::now();
    soon(service.clone().oneshot("hello")).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    let day = Duration::from_secs(86_400);
    assert!(
        tokio::time::timeout(day, service.oneshot(""))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn inside_the_retries_it_limits_each_attempt() {
    let (inner, mut handle) = mock::pair();
    let layer = BackoffLayer::new(|result: &Result<Req, BoxError>| match result {
        Err(error) if error.is::<AttemptTimeout>() => Verdict::transient(),
        _ => Verdict::Done,
    });
    let service = ServiceBuilder::new()
        .layer(layer.transient(tower_backoff::Backoff::new(Duration::ZERO, Duration::ZERO)))
        .layer(AttemptTimeoutLayer::new(Duration::from_secs(2)))
        .service(inner);
    let started = Instant::now();
    let answer = tokio::spawn(soon(service.oneshot("hello")));
    let hung = next(&mut handle, "hello").await;
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    drop(hung);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_errors_pass_through() {
    let (inner, mut handle) = mock::pair::<Req, Req>();
    let mut service = AttemptTimeoutLayer::new(Duration::from_secs(1)).layer(inner);
    handle.send_error("out of order");
    let error = service.ready().await.map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "out of order");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_limit_does_not_count_the_waits_between_attempts() {
    let (inner, mut handle) = mock::pair();
    let service = ServiceBuilder::new()
        .layer(plain_layer())
        .layer(AttemptTimeoutLayer::new(Duration::from_secs(1)))
        .service(inner);
    let answer = tokio::spawn(soon(service.oneshot("hello")));
    for _ in 0..5 {
        next(&mut handle, "hello").await.send_error("throttled");
    }
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}
