//! One flight per key.

mod support;

use std::sync::{Arc, atomic::AtomicUsize};

use futures_util::future::join_all;
use support::{Polls, assert_no_call, cached, soon};
use tokio_test::{assert_pending, assert_ready, task};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn fifty_callers_make_one_call() {
    let (mut service, mut inner, handle) = cached();
    let calls = (0..50).map(|_| tokio::spawn(service.call("a")));
    let calls: Vec<_> = calls.collect();
    let (req, reply) = soon(inner.next_request()).await.unwrap();
    assert_eq!(req, "a");
    reply.send_response("answer".to_owned());
    let answers = soon(join_all(calls)).await;
    let mut answers: Vec<_> = answers.into_iter().map(|a| a.unwrap().unwrap()).collect();
    answers.sort();
    assert_eq!(answers[..49], vec!["answer [joined]"; 49]);
    assert_eq!(answers[49], "answer [miss]");
    assert_no_call(&mut inner);
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.misses, snapshot.joins, snapshot.hits), (1, 49, 0));
    assert_eq!((snapshot.stored, snapshot.flights), (1, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_waiter_is_woken_once() {
    let (mut service, mut inner, _) = cached();
    let mut leader = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    let polls = Arc::new(AtomicUsize::new(0));
    let waiters = (0..50).map(|_| {
        let waiter = Polls(Box::pin(service.call("a")), Arc::clone(&polls));
        tokio::spawn(waiter)
    });
    let waiters: Vec<_> = waiters.collect();
    tokio::time::advance(support::TTL * 100).await;
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert!(leader.is_woken());
    assert_ready!(leader.poll()).unwrap();
    soon(join_all(waiters)).await;
    assert_eq!(polls.load(std::sync::atomic::Ordering::Relaxed), 100);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn different_keys_never_wait_for_each_other() {
    let (mut service, mut inner, handle) = cached();
    let mut one = task::spawn(service.call("a"));
    let mut other = task::spawn(service.call("b"));
    assert_pending!(one.poll());
    assert_pending!(other.poll());
    assert_eq!(handle.snapshot().flights, 2);
    let (a, _hangs) = soon(inner.next_request()).await.unwrap();
    let (b, reply) = soon(inner.next_request()).await.unwrap();
    assert_eq!((a, b), ("a", "b"));
    reply.send_response("answer b".to_owned());
    assert_eq!(assert_ready!(other.poll()).unwrap(), "answer b [miss]");
    assert_pending!(one.poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn future_that_was_never_polled_leads_nothing() {
    let (mut service, mut inner, handle) = cached();
    let mut first = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    assert_eq!(handle.snapshot().flights, 0);
    assert_pending!(second.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [miss]");
    // It was made while nothing was stored, and finds the answer all the same.
    assert_eq!(assert_ready!(first.poll()).unwrap(), "answer [hit]");
    assert_no_call(&mut inner);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn requests_that_bypass_share_nothing() {
    let (mut service, mut inner, handle) = cached();
    for _ in 0..2 {
        let mut one = task::spawn(service.call("a bypass"));
        let mut other = task::spawn(service.call("a bypass"));
        assert_pending!(one.poll());
        assert_pending!(other.poll());
        soon(inner.next_request())
            .await
            .unwrap()
            .1
            .send_response("one".to_owned());
        soon(inner.next_request())
            .await
            .unwrap()
            .1
            .send_response("other".to_owned());
        assert_eq!(assert_ready!(one.poll()).unwrap(), "one [bypass]");
        assert_eq!(assert_ready!(other.poll()).unwrap(), "other [bypass]");
    }
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.bypasses, snapshot.stored, snapshot.store.entries),
        (4, 0, 0)
    );
}
