//! A caller may go away at any time.

mod support;

use std::{future::pending, sync::Arc};

use support::{Request, Words, answer, assert_no_call, cached, fail, soon};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{BoxError, Layer, Service, service_fn};
use tower_response_cache::ResponseCacheLayer;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_of_a_leader_that_left_goes_on_with_the_longest_waiter() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a second"));
    let mut third = task::spawn(service.call("a third"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    let (req, reply) = soon(inner.next_request()).await.unwrap();
    assert_eq!(req, "a");
    drop(leader);
    assert!(second.is_woken());
    assert!(!third.is_woken());
    assert_pending!(second.poll());
    assert_no_call(&mut inner);
    reply.send_response("answer".to_owned());
    assert!(second.is_woken());
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [joined]");
    assert!(third.is_woken());
    assert_eq!(assert_ready!(third.poll()).unwrap(), "answer [joined]");
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.joins, snapshot.stored),
        (1, 2, 1)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_came_before_the_successor_looked_is_not_lost() {
    let (mut service, mut inner, _) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    drop(leader);
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [joined]");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_that_was_sent_decides_what_is_stored() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a no-store"));
    let mut second = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    drop(leader);
    assert_pending!(second.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert_ready!(second.poll()).unwrap();
    assert_eq!(handle.snapshot().stored, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_without_callers_is_dropped_at_once() {
    let permit = Arc::new(());
    let layer = ResponseCacheLayer::new(Words, 10);
    let handle = layer.handle();
    let taken = Arc::clone(&permit);
    let mut service = layer.layer(service_fn(move |_: Request| {
        let held = Arc::clone(&taken);
        async move {
            pending::<()>().await;
            drop(held);
            Ok::<_, BoxError>(String::new())
        }
    }));
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    let mut third = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    drop(leader);
    assert_pending!(second.poll());
    drop(second);
    // The third one has not looked yet that it is on it.
    assert_eq!(Arc::strong_count(&permit), 4);
    drop(third);
    assert_eq!(Arc::strong_count(&permit), 2);
    assert_eq!(handle.snapshot().flights, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_without_callers_is_finished_in_the_background_if_asked_to() {
    let layer = ResponseCacheLayer::new(Words, 10).finish_abandoned(true);
    let handle = layer.handle();
    let (mut service, mut inner) = tower_test::mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    drop(second);
    drop(leader);
    assert_eq!(handle.snapshot().flights, 1);
    // Who comes now joins it.
    let mut late = task::spawn(service.call("a"));
    assert_pending!(late.poll());
    let (_, reply) = soon(inner.next_request()).await.unwrap();
    reply.send_response("answer".to_owned());
    tokio::task::yield_now().await;
    assert_eq!(assert_ready!(late.poll()).unwrap(), "answer [joined]");
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.stored, snapshot.flights),
        (1, 1, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_that_is_finished_in_the_background_may_fail() {
    let layer = ResponseCacheLayer::new(Words, 10).finish_abandoned(true);
    let handle = layer.handle();
    let (mut service, mut inner) = tower_test::mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    let mut leader = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    drop(leader);
    let mut late = task::spawn(service.call("a"));
    assert_pending!(late.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_error("mine");
    tokio::task::yield_now().await;
    assert_pending!(late.poll());
    let (_, reply) = soon(inner.next_request()).await.unwrap();
    reply.send_response("answer".to_owned());
    assert_eq!(assert_ready!(late.poll()).unwrap(), "answer [miss]");
    assert_eq!(handle.snapshot().flights, 0);
}

#[test]
fn call_outside_of_a_runtime_is_dropped_with_its_last_caller() {
    let layer = ResponseCacheLayer::new(Words, 10).finish_abandoned(true);
    let handle = layer.handle();
    let (mut service, mut inner) = tower_test::mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    let mut leader = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    let _request = assert_ready!(inner.poll_request()).unwrap();
    drop(leader);
    assert_eq!(handle.snapshot().flights, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn leader_cancelled_while_the_service_is_busy_passes_on() {
    let (mut service, mut inner, handle) = cached();
    inner.allow(0);
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    drop(leader);
    assert!(second.is_woken());
    assert_pending!(second.poll());
    assert_no_call(&mut inner);
    inner.allow(1);
    assert!(second.is_woken());
    assert_pending!(second.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [joined]");
    assert_eq!(handle.snapshot().misses, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn lead_that_came_too_late_goes_on_to_the_next() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    let mut third = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    drop(leader);
    assert!(second.is_woken());
    drop(second);
    assert!(third.is_woken());
    assert_pending!(third.poll());
    assert_eq!(handle.snapshot().flights, 1);
    drop(third);
    assert_eq!(handle.snapshot().flights, 0);
    drop(soon(inner.next_request()).await);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiter_that_left_is_passed_over() {
    let (mut service, _inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    let mut third = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    assert_eq!(handle.snapshot().waiting, 2);
    drop(second);
    assert_eq!(handle.snapshot().waiting, 1);
    assert!(!third.is_woken());
    drop(leader);
    assert!(third.is_woken());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn flight_that_everybody_left_leaves_nothing_behind() {
    let (mut service, mut inner, handle) = cached();
    for _ in 0..3 {
        let mut leader = task::spawn(service.call("a"));
        let mut second = task::spawn(service.call("a"));
        assert_pending!(leader.poll());
        assert_pending!(second.poll());
        drop(second);
        drop(leader);
        assert_eq!(handle.snapshot().flights, 0);
    }
    let mut again = task::spawn(service.call("a"));
    assert_pending!(again.poll());
    for _ in 0..3 {
        drop(soon(inner.next_request()).await);
    }
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert_eq!(assert_ready!(again.poll()).unwrap(), "answer [miss]");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn finished_future_may_be_kept() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("passing".to_owned());
    assert_ready!(leader.poll()).unwrap();
    assert_eq!(handle.snapshot().flights, 0);
    let mut next = task::spawn(service.call("a"));
    assert_pending!(next.poll());
    assert!(soon(inner.next_request()).await.is_some());
    drop(leader);
    assert_eq!(handle.snapshot().flights, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn error_of_a_leader_that_left_is_not_its_successors() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a second"));
    let mut third = task::spawn(service.call("a third"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    drop(leader);
    assert_pending!(second.poll());
    // It may be due to what the leader asked for: a deadline, say.
    fail(&mut inner, "out of the leader's time").await;
    assert_pending!(second.poll());
    assert!(third.is_woken());
    assert_pending!(third.poll());
    answer(&mut inner, "answer").await;
    assert_eq!(assert_ready!(third.poll()).unwrap(), "answer [miss]");
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [joined]");
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.joins, snapshot.flights),
        (2, 1, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_successor_makes_a_call_of_its_own_after_an_error_of_the_leaders() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a second"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    drop(leader);
    assert_pending!(second.poll());
    fail(&mut inner, "out of the leader's time").await;
    assert_pending!(second.poll());
    fail(&mut inner, "its own").await;
    let error = assert_ready!(second.poll()).unwrap_err();
    assert_eq!(error.to_string(), "its own");
    assert_eq!(
        (handle.snapshot().misses, handle.snapshot().flights),
        (2, 0)
    );
}
