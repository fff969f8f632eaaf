//! What a tower layer owes its neighbours.

mod support;

use std::task::{Context, Poll};
use std::time::Duration;

use support::{HOUR, Words, layer, one_an_hour, rejected, service, soon, tokens};
use tokio_test::{assert_pending, task};
use tower::limit::ConcurrencyLimitLayer;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_quota::ledger::{Admit, Ledger, Ticket};
use tower_quota::{
    Ask, Cause, Limit, MemoryLedger, Quota, QuotaLayer, Rejected, Reservation, ResponseFuture,
    Throttle,
};

/// Panics where it is called without having been ready itself.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<support::Request> for Strict {
    type Response = &'static str;
    type Error = BoxError;
    type Future = std::future::Ready<Result<&'static str, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: support::Request) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called, but not ready");
        std::future::ready(Ok("fine"))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_instance_called_is_the_one_polled_ready() {
    let mut service = one_an_hour().layer(Strict::default());
    for _ in 0..3 {
        let call = service.ready().await.unwrap().call(tokens(0));
        assert_eq!(soon(call).await.unwrap(), "fine");
        let _ = service.clone();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn polling_ready_twice_reserves_once() {
    let layer = one_an_hour();
    let mut service = layer.layer(Strict::default());
    for _ in 0..5 {
        service.ready().await.unwrap();
    }
    service.call(tokens(3)).await.unwrap();
    assert_eq!(layer.handle().snapshot(&"").unwrap().limits[0].used, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn clones_and_all_services_of_one_layer_share_the_ledger() {
    let layer = one_an_hour().max_wait(Duration::ZERO);
    let (one, mut handle) = service(&layer);
    let (two, _other) = service(&layer.clone());
    let mut call = task::spawn(one.clone().oneshot(tokens(0)));
    assert_pending!(call.poll());
    handle.next_request().await.expect("the call comes");
    rejected(soon(one.oneshot(tokens(0))).await);
    rejected(soon(two.oneshot(tokens(0))).await);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_works_over_a_concurrency_limit_and_loses_no_permit() {
    let layer = layer(Limit::calls_per_minute(600).burst(600));
    let service = ServiceBuilder::new()
        .layer(layer)
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::default());
    let mut dropped = task::spawn(service.clone().call(tokens(0)));
    let _ = dropped.poll();
    drop(dropped);
    for _ in 0..10 {
        soon(service.clone().oneshot(tokens(0))).await.unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_retry_outside_of_it_over_a_concurrency_limit_takes_quota_for_each_attempt() {
    use std::future::{Ready, ready};
    use tower::retry::{Policy, RetryLayer};

    #[derive(Clone)]
    struct Twice(bool);

    impl Policy<support::Request, &'static str, BoxError> for Twice {
        type Future = Ready<()>;

        fn retry(
            &mut self,
            _: &mut support::Request,
            _: &mut Result<&'static str, BoxError>,
        ) -> Option<Ready<()>> {
            std::mem::take(&mut self.0).then(|| ready(()))
        }

        fn clone_request(&mut self, request: &support::Request) -> Option<support::Request> {
            Some(request.clone())
        }
    }

    let layer = one_an_hour();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(Twice(true)))
        .layer(layer.clone())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::default());
    let start = tokio::time::Instant::now();
    let calls = (0..3).map(|_| service.clone().oneshot(tokens(7)));
    for answer in soon(futures_util::future::join_all(calls)).await {
        assert_eq!(answer.unwrap(), "fine");
    }
    // Six attempts, of which the first did not wait.
    assert_eq!(start.elapsed(), 5 * HOUR);
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!((usage.limits[0].used, usage.total_used), (1, 42));
    assert_eq!((usage.pending_calls, usage.queued), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn errors_can_be_the_users_own() {
    #[derive(Debug, PartialEq)]
    enum Error {
        Quota(Option<Duration>),
    }
    impl From<Rejected> for Error {
        fn from(rejected: Rejected) -> Self {
            Self::Quota(rejected.retry_after())
        }
    }
    let limit = Limit::calls(1, HOUR).margin(Duration::ZERO);
    let layer = QuotaLayer::new(limit, |(): &()| Ask::new("key")).max_wait(Duration::ZERO);
    let service = layer.layer(service_fn(|()| async { Ok::<_, Error>(()) }));
    service.clone().oneshot(()).await.unwrap();
    let error = service.oneshot(()).await;
    assert_eq!(error, Err(Error::Quota(Some(HOUR))));
}

/// Stands in for a ledger that processes share.
#[derive(Clone)]
struct Shared(std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>);

impl Shared {
    fn note(&self, end: &'static str) {
        self.0.lock().expect("nobody panics with it").push(end);
    }
}

impl Ticket for Shared {
    fn tokens(&self) -> u64 {
        5
    }

    fn settle(self: Box<Self>, tokens: u64) {
        assert_eq!(tokens, 5);
        self.note("settled");
    }

    fn keep(self: Box<Self>) {
        self.note("kept");
    }

    fn refund(self: Box<Self>) {
        self.note("refunded");
    }

    fn throttled(self: Box<Self>, _: Throttle) -> Duration {
        self.note("throttled");
        Duration::from_millis(17)
    }
}

impl Ledger<&'static str> for Shared {
    type Admit = std::future::Ready<Result<Reservation, Rejected>>;

    fn admit(&self, ask: Ask<&'static str>) -> Self::Admit {
        std::future::ready(match ask.tokens {
            0 => Err(Rejected::new(Cause::QueueFull, None, ask.key.into())),
            _ => Ok(Reservation::new(self.clone())),
        })
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn another_ledger_takes_the_place_of_the_one_in_memory() {
    let ledger = Shared(std::sync::Arc::default());
    let (inner, mut handle) = tower_test::mock::pair::<support::Request, &'static str>();
    let mut service = QuotaLayer::with_ledger(ledger.clone(), Words).layer(inner);
    let error = rejected(service.call(tokens(0)).await);
    assert_eq!(*error.cause(), Cause::QueueFull);
    let mut answer = async |answer: Result<&'static str, &'static str>| {
        handle.allow(1);
        let mut call = task::spawn(service.call(tokens(1)));
        assert_pending!(call.poll());
        let (_, reply) = handle.next_request().await.expect("the call comes");
        match answer {
            Ok(text) => reply.send_response(text),
            Err(text) => reply.send_error(text),
        }
        call.await
    };
    answer(Ok("fine")).await.unwrap();
    answer(Ok("refund")).await.unwrap();
    let error = answer(Err("throttled")).await.unwrap_err();
    assert_eq!(error.to_string(), "throttled, wait 17ms");
    answer(Ok("later")).await.unwrap();
    let ended = ["settled", "refunded", "throttled", "kept"];
    assert_eq!(*ledger.0.lock().unwrap(), ended);
}

#[test]
fn its_types_are_send_and_sync() {
    fn check<T: Send + Sync + Unpin>(_: &T) {}
    fn check_type<T: Send + Sync>() {}
    let layer = one_an_hour();
    check(&layer);
    check(&layer.layer(Strict::default()));
    check(&layer.handle());
    check_type::<ResponseFuture<Strict, support::Request, Words, Admit, u64>>();
    check_type::<Quota<Strict, Words, MemoryLedger<&'static str>>>();
    check_type::<Rejected>();
    check_type::<Reservation>();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_as_large_as_the_bucket_find_its_size_and_then_wait_for_it() {
    // A bucket of ten that brings one a second.
    let layer = layer(Limit::tokens_per_minute(60).burst(1));
    let (service, mut handle) = service(&layer);
    let answers = tokio::spawn(async move {
        let (mut held, mut at) = (10.0_f64, tokio::time::Instant::now());
        while let Some((_, response)) = handle.next_request().await {
            held = (held + at.elapsed().as_secs_f64()).min(10.0);
            at = tokio::time::Instant::now();
            if held > 9.99 {
                held -= 10.0;
                response.send_response("used 10");
            } else {
                response.send_error("throttled");
            }
        }
    });
    let throttled = || {
        layer
            .handle()
            .snapshot(&"")
            .map_or(0, |usage| usage.throttled)
    };
    for round in 0..2 {
        let before = throttled();
        for pause in [0, 0, 1, 0, 3, 11, 0] {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            while soon(service.clone().oneshot(tokens(10))).await.is_err() {}
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let most = [6, 2][round];
        assert!(throttled() - before <= most, "{} throttles", throttled());
    }
    drop(service);
    soon(answers).await.unwrap();
}
