//! Calls that no caller drives are limited in time and in number.

mod support;

use std::time::Duration;

use support::{
    Cached, Inner, Key, TTL, Value, Words, answer, assert_no_call, cached, fail, others_run, soon,
};
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, ServiceExt};
use tower_response_cache::{Handle, ResponseCacheLayer};
use tower_test::mock::{self, Spawn};

const LIMIT: Duration = Duration::from_secs(5 * 60);
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A cache with an answer that is stale from now on.
async fn stale() -> (Spawn<Cached>, Inner, Handle<Key, Value>) {
    let (mut service, mut inner, handle) = cached();
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    answer(&mut inner, "lasting old").await;
    assert_ready!(call.poll()).expect("an answer");
    advance(TTL).await;
    (service, inner, handle)
}

fn ask(service: &mut Spawn<Cached>) -> String {
    assert_ready!(task::spawn(service.call("a")).poll()).expect("an answer")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_for_a_stale_answer_that_hangs_is_dropped() {
    let (mut service, mut inner, handle) = stale().await;
    ask(&mut service);
    others_run().await;
    let (_, _hangs) = soon(inner.next_request()).await.expect("a call");
    advance(29 * SECOND).await;
    assert_eq!(ask(&mut service), "lasting old [stale]");
    others_run().await;
    assert_no_call(&mut inner);
    advance(LIMIT - 29 * SECOND - MILLISECOND).await;
    others_run().await;
    assert_eq!(handle.snapshot().flights, 1);
    advance(MILLISECOND).await;
    others_run().await;
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.flights, snapshot.failed_revalidations), (0, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_waits_for_an_abandoned_call_makes_a_new_one_in_the_end() {
    let layer = ResponseCacheLayer::new(Words, 1000).finish_abandoned(true);
    let handle = layer.handle();
    let (mut service, mut inner) = mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    let mut leader = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    drop(leader);
    let (_, _hangs) = soon(inner.next_request()).await.expect("a call");
    let caller = tokio::spawn(service.call("a"));
    let other = tokio::spawn(service.call("a"));
    others_run().await;
    assert_no_call(&mut inner);
    assert_eq!(handle.snapshot().waiting, 2);
    advance(LIMIT).await;
    answer(&mut inner, "new").await;
    assert_eq!(caller.await.unwrap().unwrap(), "new [miss]");
    assert_eq!(other.await.unwrap().unwrap(), "new [joined]");
    assert_eq!(handle.snapshot().flights, 0);
}

#[test]
fn call_on_a_runtime_that_nobody_drives_does_not_wedge_its_key() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let builder = builder.enable_time().start_paused(true);
        builder.build().expect("it needs nothing")
    };
    let layer = ResponseCacheLayer::new(Words, 1000).finish_abandoned(true);
    let handle = layer.handle();
    let (mock, mut inner) = mock::pair();
    let service = layer.layer(mock);
    let standing_still = runtime();
    standing_still.block_on(async {
        let mut leader = task::spawn(service.clone().oneshot("a"));
        assert_pending!(leader.poll());
    });
    assert_eq!(handle.snapshot().flights, 1);
    runtime().block_on(async {
        let (_, _hangs) = soon(inner.next_request()).await.expect("a call");
        let caller = tokio::spawn(service.oneshot("a"));
        answer(&mut inner, "new").await;
        assert_eq!(soon(caller).await.unwrap().unwrap(), "new [miss]");
    });
    drop(standing_still);
    assert_eq!(handle.snapshot().flights, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_for_a_stale_answer_that_fail_are_made_less_and_less_often() {
    let (mut service, mut inner, handle) = stale().await;
    // The answer can be given for 30 seconds more.
    let mut calls = Vec::new();
    for at in 0..2900 {
        assert_eq!(ask(&mut service), "lasting old [stale]");
        others_run().await;
        if handle.snapshot().flights == 1 {
            fail(&mut inner, "outage").await;
            others_run().await;
            calls.push(at / 100);
        }
        advance(10 * MILLISECOND).await;
    }
    assert_eq!(calls, [0, 1, 3, 7, 15]);
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.revalidations, snapshot.failed_revalidations),
        (5, 5)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_for_a_stale_answer_that_fails_leaves_it_though_the_error_would_be_kept() {
    let (mut service, mut inner, _) = stale().await;
    ask(&mut service);
    others_run().await;
    fail(&mut inner, "kept").await;
    others_run().await;
    assert_eq!(ask(&mut service), "lasting old [stale]");
    // A refresh, too.
    let mut refresh = task::spawn(service.call("a refresh"));
    assert_pending!(refresh.poll());
    fail(&mut inner, "kept").await;
    assert_ready!(refresh.poll()).unwrap_err();
    assert_eq!(ask(&mut service), "lasting old [stale]");
}
