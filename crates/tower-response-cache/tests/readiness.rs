//! A hit needs nothing of the inner service; a miss waits for the instance that it calls.

mod support;

use std::{
    future::{Ready, ready},
    task::{Context, Poll},
    time::Duration,
};

use support::{cached, soon};
use tokio_test::{assert_pending, assert_ready, assert_ready_ok, task};
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_response_cache::{ByKey, ResponseCacheLayer};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn hit_is_answered_while_the_service_is_busy_or_broken() {
    let (mut service, mut inner, _) = cached();
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    soon(inner.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert_ready!(call.poll()).unwrap();

    inner.allow(0);
    assert_ready_ok!(service.poll_ready());
    assert_eq!(
        assert_ready!(task::spawn(service.call("a")).poll()).unwrap(),
        "answer [hit]"
    );
    let mut miss = task::spawn(service.call("b"));
    assert_pending!(miss.poll());

    drop(inner);
    assert_ready_ok!(service.poll_ready());
    assert_eq!(
        assert_ready!(task::spawn(service.call("a")).poll()).unwrap(),
        "answer [hit]"
    );
    assert!(assert_ready!(miss.poll()).is_err());
}

/// Ready at the second poll, and only for the clone that was polled.
#[derive(Debug, Default)]
struct Strict {
    polls: u32,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<u32> for Strict {
    type Response = u32;
    type Error = BoxError;
    type Future = Ready<Result<u32, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.polls += 1;
        if self.polls < 2 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: u32) -> Self::Future {
        assert_eq!(self.polls, 2, "called without being polled ready");
        ready(Ok(req))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn instance_that_was_polled_ready_is_called() {
    let policy = ByKey::new(Duration::from_secs(1), |req: &u32| {
        (*req > 0).then_some(*req)
    });
    let mut service = ResponseCacheLayer::new(policy, 10).layer(Strict::default());
    for req in [0, 1, 2] {
        let call = service.ready().await.unwrap().call(req);
        assert_eq!(soon(call).await.unwrap(), req);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_that_is_asked_twice_takes_nothing() {
    let (mut service, mut inner, handle) = cached();
    inner.allow(1);
    for _ in 0..3 {
        assert_ready_ok!(service.poll_ready());
        drop(service.clone());
    }
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    assert!(soon(inner.next_request()).await.is_some());
    assert_eq!(handle.snapshot().misses, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn services_of_one_layer_and_their_clones_share_the_cache() {
    let layer = ResponseCacheLayer::new(support::Words, 100);
    let (inner, mut handle) = tower_test::mock::pair();
    let mut call = task::spawn(layer.layer(inner.clone()).oneshot("a"));
    assert_pending!(call.poll());
    soon(handle.next_request())
        .await
        .unwrap()
        .1
        .send_response("answer".to_owned());
    assert_ready!(call.poll()).unwrap();
    let other = layer.clone().layer(inner);
    for service in [other.clone(), other] {
        let mut hit = task::spawn(service.oneshot("a"));
        assert_eq!(assert_ready!(hit.poll()).unwrap(), "answer [hit]");
    }
}
