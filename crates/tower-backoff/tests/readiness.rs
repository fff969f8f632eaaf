//! Every attempt is made on a service that was polled ready for it, after the wait.

mod support;

use std::{
    future::{Ready, pending, ready},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::poll_fn};
use support::{next, plain_layer, soon};
use tokio::sync::Semaphore;
use tower::{
    BoxError, Layer, Service, ServiceBuilder, ServiceExt,
    balance::p2c::Balance,
    discover::ServiceList,
    limit::{ConcurrencyLimit, GlobalConcurrencyLimitLayer},
    load::Constant,
    service_fn,
};
use tower_backoff::Budget;
use tower_test::mock;

/// Refuses to be called unless this very instance was polled ready since its last call.
#[derive(Default)]
struct Strict {
    ready: bool,
    failures_left: Arc<AtomicU32>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self {
            ready: false,
            failures_left: Arc::clone(&self.failures_left),
        }
    }
}

impl Service<&'static str> for Strict {
    type Response = &'static str;
    type Error = BoxError;
    type Future = Ready<Result<&'static str, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without readiness");
        let left = self.failures_left.load(Ordering::Relaxed);
        if left == 0 {
            return ready(Ok("fine"));
        }
        self.failures_left.store(left - 1, Ordering::Relaxed);
        ready(Err("transient".into()))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_instance_called_is_the_one_polled_ready() {
    let inner = Strict {
        failures_left: Arc::new(AtomicU32::new(3)),
        ..Strict::default()
    };
    let mut service = plain_layer().layer(inner);
    for _ in 0..2 {
        let answer = service.ready().await.unwrap().call("hello");
        assert_eq!(soon(answer).await.unwrap(), "fine");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn polling_ready_twice_takes_one_permit() {
    let permits = Arc::new(Semaphore::new(1));
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
    let mut service = plain_layer().layer(limit.layer(Strict::default()));
    poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
    assert_eq!(service.call("hello").await.unwrap(), "fine");
    assert_eq!(permits.available_permits(), 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_readied_clone_that_is_dropped_takes_no_permit_along() {
    let permits = Arc::new(Semaphore::new(1));
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
    let mut service = plain_layer().layer(limit.layer(Strict::default()));
    let mut clone = service.clone();
    soon(clone.ready()).await.unwrap();
    drop(clone);
    let answer = soon(service.ready()).await.unwrap().call("hello");
    assert_eq!(soon(answer).await.unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_errors_pass_through() {
    let (inner, mut handle) = mock::pair::<&'static str, &'static str>();
    let mut service = plain_layer().layer(inner);
    handle.send_error("out of order");
    let error = service.ready().await.map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "out of order");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_readiness_error_between_attempts_is_the_answer_and_costs_no_budget() {
    let (inner, mut handle) = mock::pair();
    let layer = plain_layer().budget(Budget::ratio(0, 1).floor_per_second(0));
    let before = layer.handle().snapshot().budget_left;
    let answer = tokio::spawn(soon(layer.layer(inner).oneshot("hello")));

    next(&mut handle, "hello").await.send_error("transient");
    handle.send_error("transient, but of readiness");
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "transient, but of readiness");
    let counts = layer.handle().snapshot();
    assert_eq!((counts.attempts, counts.budget_left), (1, before));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_sleeping_retry_holds_no_permit() {
    let permits = Arc::new(Semaphore::new(1));
    let (inner, mut handle) = mock::pair();
    let limited = ConcurrencyLimit::with_semaphore(inner, Arc::clone(&permits));
    let service = plain_layer().layer(limited);
    let first = tokio::spawn(soon(service.clone().oneshot("first")));

    let reply = next(&mut handle, "first").await;
    assert_eq!(permits.available_permits(), 0);
    reply.send_error("throttled");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(permits.available_permits(), 1);

    // Another call gets through meanwhile, and the retry waits its turn for the permit.
    let second = tokio::spawn(soon(service.oneshot("second")));
    let reply = next(&mut handle, "second").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(!first.is_finished());
    reply.send_response("fine");
    next(&mut handle, "first").await.send_response("fine, too");
    assert_eq!(second.await.unwrap().unwrap(), "fine");
    assert_eq!(first.await.unwrap().unwrap(), "fine, too");
    assert_eq!(permits.available_permits(), 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_finished_future_holds_no_permit_though_it_was_ready_too_late() {
    let permits = Arc::new(Semaphore::new(1));
    let (inner, mut handle) = mock::pair();
    let limited = ConcurrencyLimit::with_semaphore(inner, Arc::clone(&permits));
    let layer = plain_layer().deadline(Duration::from_secs(2));
    let mut service = layer.layer(limited);
    let mut answer = Box::pin(service.ready().await.unwrap().call("hello"));

    assert!((&mut answer).now_or_never().is_none());
    next(&mut handle, "hello").await.send_error("throttled");
    assert!((&mut answer).now_or_never().is_none());
    // The task is not polled until long after the deadline.
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!((&mut answer).now_or_never().is_some());
    assert_eq!(permits.available_permits(), 1);
    assert_eq!(layer.handle().snapshot().gave_up_deadline, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_future_dropped_at_any_await_gives_everything_back() {
    // Dropped while it is called, while it sleeps, and while it waits for a permit.
    for (polls, wait) in [(1, 0), (2, 10), (3, 2_000)] {
        let permits = Arc::new(Semaphore::new(1));
        let (inner, mut handle) = mock::pair();
        let limited = ConcurrencyLimit::with_semaphore(inner, Arc::clone(&permits));
        let layer = plain_layer();
        let budget = layer.handle().snapshot().budget_left;
        let mut service = layer.layer(limited);
        let mut answer = Box::pin(service.ready().await.unwrap().call("hello"));

        assert!((&mut answer).now_or_never().is_none());
        let mut stolen = None;
        if polls > 1 {
            next(&mut handle, "hello").await.send_error("throttled");
            assert!((&mut answer).now_or_never().is_none());
            assert!(
                layer.handle().snapshot().budget_left < budget,
                "charged before the sleep"
            );
            stolen = Some(Arc::clone(&permits).try_acquire_owned().unwrap());
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        assert!((&mut answer).now_or_never().is_none());
        drop(answer);
        drop(stolen);
        assert_eq!(permits.available_permits(), 1);
        let counts = layer.handle().snapshot();
        assert_eq!((counts.attempts, counts.budget_left), (1, budget));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_works_over_a_buffer() {
    let inner = Strict {
        failures_left: Arc::new(AtomicU32::new(2)),
        ..Strict::default()
    };
    let service = ServiceBuilder::new()
        .layer(plain_layer())
        .buffer(1)
        .service(inner);
    assert_eq!(soon(service.oneshot("hello")).await.unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_works_over_balance_and_each_retry_is_balanced_anew() {
    let failing = service_fn(|_: &'static str| async { Err(BoxError::from("transient")) });
    let working = service_fn(|_: &'static str| async { Ok::<_, BoxError>("fine") });
    let replicas = [
        Constant::new(tower::util::BoxService::new(failing), 1),
        Constant::new(tower::util::BoxService::new(working), 1),
    ];
    let service = ServiceBuilder::new()
        .layer(plain_layer().max_attempts(100))
        .buffer(4)
        .service(Balance::new(ServiceList::new::<&'static str>(replicas)));
    for _ in 0..20 {
        assert_eq!(
            soon(service.clone().oneshot("hello")).await.unwrap(),
            "fine"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_hangs_is_the_inner_services_affair() {
    let hangs = service_fn(|_: &'static str| pending::<Result<&'static str, BoxError>>());
    let service = plain_layer().deadline(Duration::from_secs(1)).layer(hangs);
    let limit = Duration::from_secs(3_600);
    assert!(
        tokio::time::timeout(limit, service.oneshot("hello"))
            .await
            .is_err()
    );
}
