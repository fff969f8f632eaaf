//! The deadline governs when attempts may start.

mod support;

use std::time::Duration;

use support::{Req, by_message, next, plain_layer, soon};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_backoff::{BackoffLayer, Budget, Overrides, Replay};
use tower_test::mock;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_wait_that_cannot_end_in_time_fails_at_once_with_the_last_error() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().deadline(Duration::from_millis(3_000));
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));

    let started = Instant::now();
    next(&mut handle, "hello").await.send_error("throttled a");
    // One second is over; the next wait of two would end at the deadline itself.
    next(&mut handle, "hello").await.send_error("throttled b");
    assert_eq!(
        answer.await.unwrap().unwrap_err().to_string(),
        "throttled b"
    );
    assert_eq!(started.elapsed(), Duration::from_secs(1));
    let counts = layer.handle().snapshot();
    assert_eq!((counts.gave_up_deadline, counts.gave_up()), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_wait_that_ends_in_time_is_made() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().deadline(Duration::from_millis(1_002));
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));

    next(&mut handle, "hello").await.send_error("throttled");
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hint_past_the_deadline_fails_at_once() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().deadline(Duration::from_secs(10));
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));

    let started = Instant::now();
    next(&mut handle, "hello")
        .await
        .send_error("throttled 10000ms");
    answer.await.unwrap().unwrap_err();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_jitter_on_a_hint_gives_way_to_the_deadline() {
    for seed in 0..50 {
        let (inner, mut handle) = mock::pair();
        // The default step for a throttle is a second; the deadline leaves 20 ms of it.
        let layer = BackoffLayer::new(by_message)
            .deadline(Duration::from_millis(5_020))
            .seed(seed);
        let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
        let started = Instant::now();
        next(&mut handle, "hello")
            .await
            .send_error("throttled 5000ms");
        next(&mut handle, "hello").await.send_response("fine");
        assert!((5_000..5_020).contains(&started.elapsed().as_millis()));
        answer.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_attempt_that_has_begun_is_not_cut_short() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().deadline(Duration::from_secs(1));
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));

    let reply = next(&mut handle, "hello").await;
    tokio::time::advance(Duration::from_secs(60)).await;
    reply.send_response("late but fine");
    assert_eq!(answer.await.unwrap().unwrap(), "late but fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiting_for_readiness_ends_at_the_deadline_with_the_last_error() {
    let (inner, mut handle) = mock::pair();
    handle.allow(1);
    let layer = plain_layer()
        .deadline(Duration::from_secs(5))
        .budget(Budget::ratio(0, 1).floor_per_second(0));
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));

    let started = Instant::now();
    let before = layer.handle().snapshot().budget_left;
    next(&mut handle, "hello").await.send_error("transient");
    // The inner service never becomes ready again.
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "transient");
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    let counts = layer.handle().snapshot();
    assert_eq!((counts.attempts, counts.gave_up_deadline), (1, 1));
    assert_eq!(counts.budget_left, before, "the retry was not made");
}

/// Gives every request the same overrides.
#[derive(Clone)]
struct All(Overrides);

impl Replay<Req> for All {
    fn replay(&self, request: &Req) -> Option<Req> {
        Some(request)
    }

    fn overrides(&self, _: &Req) -> Overrides {
        self.0
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_deadline_of_a_request_replaces_that_of_the_layer() {
    for (own, attempts) in [(500, 1), (60_000, 4)] {
        let (inner, mut handle) = mock::pair();
        let own = Instant::now() + Duration::from_millis(own);
        let layer = plain_layer()
            .deadline(Duration::from_secs(2))
            .max_attempts(4)
            .replay(All(Overrides::new().deadline(own)));
        let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
        for _ in 0..attempts {
            next(&mut handle, "hello").await.send_error("throttled");
        }
        answer.await.unwrap().unwrap_err();
        assert_eq!(layer.handle().snapshot().attempts, attempts);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_first_attempt_is_made_even_after_the_deadline() {
    let (inner, mut handle) = mock::pair();
    let past = Overrides::new().deadline(Instant::now());
    let answer = tokio::spawn(soon(
        plain_layer()
            .replay(All(past))
            .layer(inner)
            .oneshot("hello"),
    ));
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_deadline_beyond_the_end_of_time_is_none() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().deadline(Duration::MAX);
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));
    next(&mut handle, "hello").await.send_error("transient");
    next(&mut handle, "hello").await.send_response("fine");
    assert_eq!(answer.await.unwrap().unwrap(), "fine");
}
