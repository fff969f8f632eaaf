//! A caller may go away at any time.

mod support;

use support::{assert_no_call, cached, soon};
use tokio_test::{assert_pending, assert_ready, task};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiter_takes_over_from_a_cancelled_leader_at_once_with_its_own_request() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a no-store"));
    let mut second = task::spawn(service.call("a second"));
    let mut third = task::spawn(service.call("a third"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    let (_, _dropped) = soon(inner.next_request()).await.unwrap();
    drop(leader);
    assert!(second.is_woken());
    assert!(!third.is_woken());
    assert_pending!(second.poll());
    let (req, reply) = soon(inner.next_request()).await.unwrap();
    assert_eq!(req, "a second");
    reply.send_response("answer".to_owned());
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [miss]");
    assert!(third.is_woken());
    assert_eq!(assert_ready!(third.poll()).unwrap(), "answer [joined]");
    assert_no_call(&mut inner);
    // The request that was sent decides what is stored, not the one that began the flight.
    assert_eq!(handle.stats().stored, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn leader_cancelled_while_the_service_is_busy_passes_on() {
    let (mut service, mut inner, _) = cached();
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
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [miss]");
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
    assert_eq!(handle.stats().flights, 1);
    drop(third);
    assert_eq!(handle.stats().flights, 0);
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
    assert_eq!(handle.stats().waiting, 2);
    drop(second);
    assert_eq!(handle.stats().waiting, 1);
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
        assert_eq!(handle.stats().flights, 0);
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
    assert_eq!(handle.stats().flights, 0);
    let mut next = task::spawn(service.call("a"));
    assert_pending!(next.poll());
    assert!(soon(inner.next_request()).await.is_some());
    drop(leader);
    assert_eq!(handle.stats().flights, 1);
}
