//! A panic is the leader's own; no key stays wedged.

mod support;

use std::{
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

use support::{Request, Words, cached, soon};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_response_cache::ResponseCacheLayer;

async fn panic_in_the_policy(response: &str) {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    soon(inner.next_request())
        .await
        .expect("a call")
        .1
        .send_response(response.to_owned());
    assert!(catch_unwind(AssertUnwindSafe(|| leader.poll())).is_err());
    // At once, though the future that panicked is still there.
    assert!(second.is_woken());
    assert_pending!(second.poll());
    soon(inner.next_request())
        .await
        .expect("a call")
        .1
        .send_response("answer".to_owned());
    assert_eq!(
        assert_ready!(second.poll()).expect("an answer"),
        "answer [miss]"
    );
    assert_eq!(handle.snapshot().flights, 0);
    drop(leader);
    let mut third = task::spawn(service.call("a"));
    assert_eq!(
        assert_ready!(third.poll()).expect("an answer"),
        "answer [hit]"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn panic_in_keep_passes_the_lead_on() {
    panic_in_the_policy("panic in keep").await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn panic_in_share_passes_the_lead_on() {
    panic_in_the_policy("panic in share").await;
}

/// Panics at a chosen step for the request "a panics".
#[derive(Clone, Copy)]
enum Panics {
    Ready,
    Call,
    Future,
}

#[derive(Clone)]
struct Panicking(Panics, Option<Request>);

impl Service<Request> for Panicking {
    type Response = String;
    type Error = BoxError;
    type Future = futures_util::future::Either<Ready<Result<String, BoxError>>, Boom>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        assert!(
            self.1.is_none() || !matches!(self.0, Panics::Ready),
            "ready"
        );
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: Request) -> Self::Future {
        let panics = req == "a panics";
        assert!(!panics || !matches!(self.0, Panics::Call), "call");
        if panics {
            futures_util::future::Either::Right(Boom(false))
        } else {
            futures_util::future::Either::Left(ready(Ok("answer".to_owned())))
        }
    }
}

/// Lets the others join first.
struct Boom(bool);

impl Future for Boom {
    type Output = Result<String, BoxError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.0, "future");
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn panic_of_the_service_ends_only_the_call_of_the_leader() {
    for step in [Panics::Ready, Panics::Call, Panics::Future] {
        let layer = ResponseCacheLayer::new(Words, 100);
        let handle = layer.handle();
        let failing = layer.layer(Panicking(step, Some("a panics")));
        let leader = tokio::spawn(failing.oneshot("a panics"));
        let waiters = [(); 9].map(|()| {
            let sound = layer.layer(Panicking(step, None));
            tokio::spawn(sound.oneshot("a"))
        });
        assert!(soon(leader).await.unwrap_err().is_panic());
        for waiter in waiters {
            let answer = soon(waiter).await.unwrap().unwrap();
            assert!(answer.starts_with("answer ["), "{answer}");
        }
        let snapshot = handle.snapshot();
        assert_eq!((snapshot.stored, snapshot.flights), (1, 0));
    }
}
