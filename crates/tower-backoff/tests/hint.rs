//! The server's hint comes first, with jitter on top.

mod support;

use std::time::Duration;

use support::{next, plain_layer, soon};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_backoff::{Backoff, BackoffLayer, Jitter};
use tower_test::mock;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hint_replaces_the_wait_of_the_backoff() {
    let (inner, mut handle) = mock::pair();
    let answer = tokio::spawn(soon(plain_layer().layer(inner).oneshot("hello")));

    let reply = next(&mut handle, "hello").await;
    let failed = Instant::now();
    reply.send_error("throttled 7500ms");
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(failed.elapsed(), Duration::from_millis(7_500));
    answer.await.unwrap().unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hint_is_believed_up_to_the_longer_cap_and_beyond_it_ends_the_call_at_once() {
    for (hint, believed) in [(60_000, true), (60_001, false)] {
        let (inner, mut handle) = mock::pair();
        let layer = plain_layer();
        let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
        let failed = Instant::now();
        let message = format!("transient {hint}ms");
        next(&mut handle, "hello").await.send_error(message.clone());
        if believed {
            next(&mut handle, "hello").await.send_response("fine");
            assert_eq!(failed.elapsed(), Duration::from_millis(hint));
            answer.await.unwrap().unwrap();
        } else {
            assert_eq!(answer.await.unwrap().unwrap_err().to_string(), message);
            assert_eq!(failed.elapsed(), Duration::ZERO);
            let counts = layer.handle().snapshot();
            assert_eq!((counts.gave_up_hint, counts.gave_up()), (1, 1));
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_absurd_hint_ends_the_call_at_once_whatever_brought_it() {
    // A day, a billion seconds, and the most that the headers of an answer can say.
    for ms in [86_400_000, 1_000_000_000_000, u64::MAX] {
        for word in ["throttled", "transient", "costly", "rejected"] {
            let (inner, mut handle) = mock::pair();
            let layer = plain_layer();
            let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
            let failed = Instant::now();
            let message = format!("{word} {ms}ms");
            next(&mut handle, "hello").await.send_error(message.clone());
            assert_eq!(answer.await.unwrap().unwrap_err().to_string(), message);
            assert_eq!(failed.elapsed(), Duration::ZERO);
            let counts = layer.handle().snapshot();
            assert_eq!((counts.attempts, counts.gave_up()), (1, 1));
            assert_eq!(counts.gave_up_hint + counts.gave_up_rejected, 1);
            assert_eq!(counts.budget_left, Some(100), "nothing was paid");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn whoever_believes_every_hint_waits_for_it() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().max_hint(Duration::MAX);
    let answer = tokio::spawn(layer.layer(inner).oneshot("hello"));

    let day = Duration::from_secs(86_400);
    let failed = Instant::now();
    let reply = next(&mut handle, "hello").await;
    reply.send_error("throttled 86400000ms");
    let reply = next(&mut handle, "hello").await;
    assert_eq!(failed.elapsed(), day);
    // Longer than any clock runs: the call waits, for it has no deadline that it could miss.
    reply.send_error(format!("throttled {}ms", u64::MAX));
    tokio::time::sleep(365 * day).await;
    assert!(!answer.is_finished());
    assert_eq!(layer.handle().snapshot().gave_up(), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_longest_hint_may_be_shorter_than_the_backoff() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().max_hint(Duration::from_millis(10));
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    next(&mut handle, "hello").await.send_error("throttled");
    next(&mut handle, "hello")
        .await
        .send_error("throttled 10ms");
    next(&mut handle, "hello")
        .await
        .send_error("throttled 11ms");
    let last = answer.await.unwrap().unwrap_err();
    assert_eq!(last.to_string(), "throttled 11ms");
}

/// The moments at which ten callers with the same hint of 5 s come back, in ms.
async fn returns(layer: &BackoffLayer<support::Judge>) -> Vec<u128> {
    let (inner, mut handle) = mock::pair();
    handle.allow(100);
    let service = layer.layer(inner);
    let answers: Vec<_> = (0..10)
        .map(|_| tokio::spawn(soon(service.clone().oneshot("hello"))))
        .collect();
    let started = Instant::now();
    for _ in 0..10 {
        next(&mut handle, "hello")
            .await
            .send_error("throttled 5000ms");
    }
    let mut at = Vec::new();
    for _ in 0..10 {
        let reply = next(&mut handle, "hello").await;
        at.push(started.elapsed().as_millis());
        reply.send_response("fine");
    }
    for answer in answers {
        assert!(matches!(answer.await, Ok(Ok("fine"))));
    }
    at
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_with_the_same_hint_come_back_apart_and_never_early() {
    let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    for jitter in [Jitter::Full, Jitter::Equal] {
        let at = returns(&plain_layer().throttled(backoff.jitter(jitter)).seed(1)).await;
        // The step of a first retry is one second; the timer rounds up to a millisecond.
        assert!(at.iter().all(|ms| (5_000..=6_001).contains(ms)), "{at:?}");
        let mut distinct = at.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(distinct.len() > 5, "{at:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_same_seed_gives_the_same_waits() {
    let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    let layer = |seed| plain_layer().throttled(backoff).seed(seed);
    assert_eq!(returns(&layer(3)).await, returns(&layer(3)).await);
    assert_ne!(returns(&layer(3)).await, returns(&layer(4)).await);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_default_waits_for_throttles_outlast_a_quota_minute() {
    for seed in 0..20 {
        let (inner, mut handle) = mock::pair();
        let layer = BackoffLayer::new(support::by_message).seed(seed);
        let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
        let started = Instant::now();
        for _ in 0..8 {
            next(&mut handle, "hello").await.send_error("throttled");
        }
        answer.await.unwrap().unwrap_err();
        let spent = started.elapsed().as_millis();
        assert!((61_500..=123_010).contains(&spent), "{spent} ms");
    }
}
