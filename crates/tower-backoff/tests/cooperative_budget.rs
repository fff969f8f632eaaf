//! Timers end on time, though what they limit uses up the task's cooperative budget at every poll.

mod support;

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use support::{Req, plain_layer};
use tokio::{task::coop::consume_budget, time::advance};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_backoff::AttemptTimeoutLayer;

/// Uses up the budget of this poll, and asks for another one; gives up after a thousand.
fn busy(polls: &AtomicU32, cx: &mut Context<'_>) -> Poll<Result<Req, BoxError>> {
    if polls.fetch_add(1, Ordering::Relaxed) == 1_000 {
        return Poll::Ready(Err("was never ended".into()));
    }
    while pin!(consume_budget()).poll(cx).is_ready() {}
    Poll::Pending
}

/// Lets the others run, and time pass.
async fn pass(time: Duration) {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    advance(time).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_attempt_that_is_always_busy_ends_at_its_limit() {
    let polls = AtomicU32::new(0);
    let polls = Arc::new(polls);
    let service = service_fn(move |_: Req| {
        let polls = Arc::clone(&polls);
        poll_fn(move |cx| busy(&polls, cx))
    });
    let service = AttemptTimeoutLayer::new(Duration::from_millis(30)).layer(service);
    let call = tokio::spawn(service.oneshot("hello"));
    pass(Duration::from_millis(29)).await;
    assert!(!call.is_finished());
    pass(Duration::from_millis(2)).await;
    assert!(call.is_finished());
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "attempt took longer than 30ms");
}

/// Fails its first call, and is busy becoming ready for another one.
#[derive(Clone, Default)]
struct BusyAfterwards(Arc<AtomicU32>);

impl Service<Req> for BusyAfterwards {
    type Response = Req;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Req, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self.0.load(Ordering::Relaxed) {
            0 => Poll::Ready(Ok(())),
            _ => busy(&self.0, cx).map_ok(|_| ()),
        }
    }

    fn call(&mut self, _: Req) -> Self::Future {
        self.0.store(1, Ordering::Relaxed);
        Box::pin(async { Err("transient".into()) })
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_service_that_is_always_busy_becoming_ready_is_given_up_at_the_deadline() {
    let layer = plain_layer().deadline(Duration::from_millis(130));
    let service = layer.layer(BusyAfterwards::default());
    let call = tokio::spawn(service.oneshot("hello"));
    pass(Duration::from_millis(101)).await;
    pass(Duration::from_millis(28)).await;
    assert!(!call.is_finished());
    pass(Duration::from_millis(2)).await;
    assert!(call.is_finished());
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "transient");
}
