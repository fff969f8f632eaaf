//! What a flight hands out, and what is stored.

mod support;

use support::{Request, TTL, Words, answer, assert_no_call, cached, fail};
use tokio_test::{
    assert_pending, assert_ready,
    task::{self, Spawn},
};
use tower::Service;
use tower_response_cache::{MemoryStore, ResponseFuture};
use tower_test::mock::Mock;

type Cached = tower_test::mock::Spawn<support::Cached>;
type Call = Spawn<
    ResponseFuture<
        Mock<Request, String>,
        Request,
        Words,
        MemoryStore<support::Key, support::Value>,
    >,
>;

/// A leader and two waiters.
fn three_calls(service: &mut Cached) -> [Call; 3] {
    let mut calls = [(); 3].map(|()| task::spawn(service.get_mut().call("a")));
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    calls
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn response_that_is_not_kept_is_handed_out_all_the_same() {
    let (mut service, mut inner, handle) = cached();
    let [mut leader, mut second, mut third] = three_calls(&mut service);
    answer(&mut inner, "passing").await;
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "passing [miss]");
    assert_eq!(assert_ready!(second.poll()).unwrap(), "passing [joined]");
    assert_eq!(assert_ready!(third.poll()).unwrap(), "passing [joined]");
    assert_eq!(handle.snapshot().stored, 0);
    assert_pending!(task::spawn(service.call("a")).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_may_say_that_it_is_not_to_be_stored() {
    let (mut service, mut inner, handle) = cached();
    let mut call = task::spawn(service.call("a no-store"));
    assert_pending!(call.poll());
    answer(&mut inner, "answer").await;
    assert_ready!(call.poll()).unwrap();
    assert_eq!(handle.snapshot().stored, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiters_of_a_response_that_cannot_be_shared_call_all_at_once() {
    let (mut service, mut inner, handle) = cached();
    let [mut leader, mut second, mut third] = three_calls(&mut service);
    answer(&mut inner, "stream 1").await;
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "stream 1 [miss]");
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    answer(&mut inner, "stream 2").await;
    answer(&mut inner, "stream 3").await;
    assert_eq!(assert_ready!(third.poll()).unwrap(), "stream 3 [miss]");
    assert_eq!(assert_ready!(second.poll()).unwrap(), "stream 2 [miss]");
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.stored, snapshot.flights),
        (3, 0, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn shared_error_goes_to_that_flight_and_is_not_stored() {
    let (mut service, mut inner, handle) = cached();
    let [mut leader, mut second, mut third] = three_calls(&mut service);
    fail(&mut inner, "shared").await;
    let message = |result: Result<String, tower::BoxError>| result.unwrap_err().to_string();
    assert_eq!(message(assert_ready!(leader.poll())), "shared");
    assert_eq!(message(assert_ready!(second.poll())), "shared [joined]");
    assert_eq!(message(assert_ready!(third.poll())), "shared [joined]");
    assert_no_call(&mut inner);
    assert_eq!(handle.snapshot().store.entries, 0);
    assert_pending!(task::spawn(service.call("a")).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn error_that_is_not_shared_makes_the_next_waiter_call() {
    let (mut service, mut inner, handle) = cached();
    let [mut leader, mut second, mut third] = three_calls(&mut service);
    fail(&mut inner, "mine").await;
    assert_eq!(
        assert_ready!(leader.poll()).unwrap_err().to_string(),
        "mine"
    );
    assert!(second.is_woken());
    assert!(!third.is_woken());
    assert_pending!(second.poll());
    answer(&mut inner, "answer").await;
    assert_eq!(assert_ready!(second.poll()).unwrap(), "answer [miss]");
    assert_eq!(assert_ready!(third.poll()).unwrap(), "answer [joined]");
    assert_eq!(handle.snapshot().misses, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_error_is_an_error_of_the_flight() {
    let (mut service, mut inner, handle) = cached();
    inner.allow(0);
    let [mut leader, mut second, mut third] = three_calls(&mut service);
    inner.send_error("not ready");
    let error = assert_ready!(leader.poll()).unwrap_err();
    assert_eq!(error.to_string(), "not ready");
    assert!(second.is_woken());
    assert_pending!(second.poll());
    inner.send_error("shared readiness");
    let error = assert_ready!(second.poll()).unwrap_err();
    assert_eq!(error.to_string(), "shared readiness");
    let error = assert_ready!(third.poll()).unwrap_err();
    assert_eq!(error.to_string(), "shared readiness [joined]");
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.misses, snapshot.flights), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tenants_are_kept_apart_by_their_keys() {
    let (mut service, mut inner, _) = cached();
    for (tenant, response) in [("red/a", "for red"), ("blue/a", "for blue")] {
        let mut call = task::spawn(service.call(tenant));
        assert_pending!(call.poll());
        answer(&mut inner, response).await;
        assert_ready!(call.poll()).unwrap();
    }
    let mut hit = task::spawn(service.call("red/a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "for red [hit]");
    let mut hit = task::spawn(service.call("blue/a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "for blue [hit]");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_expires_to_the_millisecond() {
    let (mut service, mut inner, handle) = cached();
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    // The lifetime begins with the answer, not with the question.
    tokio::time::advance(TTL * 2).await;
    answer(&mut inner, "answer").await;
    assert_ready!(call.poll()).unwrap();
    let millisecond = std::time::Duration::from_millis(1);
    tokio::time::advance(TTL - millisecond).await;
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "answer [hit]");
    tokio::time::advance(millisecond).await;
    let mut miss = task::spawn(service.call("a"));
    assert_pending!(miss.poll());
    assert_eq!(handle.snapshot().store.entries, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_may_have_a_lifetime_of_its_own() {
    let (mut service, mut inner, _) = cached();
    let mut call = task::spawn(service.call("a short"));
    assert_pending!(call.poll());
    answer(&mut inner, "answer").await;
    assert_ready!(call.poll()).unwrap();
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_pending!(task::spawn(service.call("a")).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn error_is_kept_for_a_short_time_if_the_rule_says_so() {
    let (mut service, mut inner, handle) = cached();
    let [mut leader, mut second, mut third] = three_calls(&mut service);
    fail(&mut inner, "kept").await;
    let message = |result: Result<String, tower::BoxError>| result.unwrap_err().to_string();
    assert_eq!(message(assert_ready!(leader.poll())), "kept");
    assert_eq!(message(assert_ready!(second.poll())), "kept [joined]");
    assert_eq!(message(assert_ready!(third.poll())), "kept [joined]");
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(message(assert_ready!(hit.poll())), "kept [hit]");
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.misses, snapshot.stored, snapshot.hits), (1, 1, 1));
    tokio::time::advance(support::ERROR_TTL).await;
    let mut miss = task::spawn(service.call("a"));
    assert_pending!(miss.poll());
    answer(&mut inner, "answer").await;
    assert_eq!(assert_ready!(miss.poll()).unwrap(), "answer [miss]");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_for_a_stored_answer_only_calls_nothing_and_waits_for_nothing() {
    let (mut service, mut inner, handle) = cached();
    let mut absent = task::spawn(service.call("a only-if-cached"));
    let error = assert_ready!(absent.poll()).unwrap_err();
    assert_eq!(error.to_string(), "absent");
    let mut absent = task::spawn(service.call("a only-if-cached or-nothing"));
    assert_eq!(assert_ready!(absent.poll()).unwrap(), "nothing [absent]");
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    let mut absent = task::spawn(service.call("a only-if-cached"));
    assert!(assert_ready!(absent.poll()).is_err());
    answer(&mut inner, "answer").await;
    assert_ready!(call.poll()).unwrap();
    let mut hit = task::spawn(service.call("a only-if-cached"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "answer [hit]");
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.absent, snapshot.misses, snapshot.hits), (3, 1, 1));
}
