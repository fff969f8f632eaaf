//! What a tower layer owes its neighbours.

mod support;

use std::convert::Infallible;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::poll_fn;
use support::{SECOND, advance, answered, classify, layer, rejected, service, soon};
use tower::limit::ConcurrencyLimitLayer;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};
use tower_circuit_breaker::{CircuitBreakerLayer, Open, ResponseFuture, State, Verdict};
use tower_test::mock;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_rejects_at_once_though_the_inner_service_is_not_ready() {
    let layer = layer();
    let (inner, mut handle) = mock::pair::<&'static str, &'static str>();
    handle.allow(0);
    layer.handle().force_open();
    let mut service = layer.layer(inner);
    assert!(matches!(
        poll_fn(|cx| Poll::Ready(Service::<&'static str>::poll_ready(&mut service, cx))).await,
        Poll::Ready(Ok(()))
    ));
    rejected(&service).await;
}

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

impl Service<&'static str> for Strict {
    type Response = &'static str;
    type Error = BoxError;
    type Future = std::future::Ready<Result<&'static str, BoxError>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), BoxError>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: &'static str) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called, but not ready");
        std::future::ready(Ok(request))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_instance_called_is_the_one_polled_ready() {
    let mut service = layer().layer(Strict::default());
    for _ in 0..3 {
        let answer = service.ready().await.unwrap().call("call").await.unwrap();
        assert_eq!(answer, "call");
        let _ = service.clone();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_errors_pass_and_count() {
    let layer = layer().consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    handle.send_error("failed");
    let error = soon(service.clone().oneshot("call")).await.unwrap_err();
    assert_eq!(error.to_string(), "failed");
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn clones_and_all_services_of_one_layer_share_the_circuit() {
    let layer = layer().consecutive_failures(3);
    let (one, mut handle_one) = service(&layer);
    let (two, mut handle_two) = service(&layer.clone());
    answered(&one, &mut handle_one, "!failed")
        .await
        .unwrap_err();
    answered(&two, &mut handle_two, "!failed")
        .await
        .unwrap_err();
    answered(&one.clone(), &mut handle_one, "!failed")
        .await
        .unwrap_err();
    rejected(&one).await;
    rejected(&two).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_waits_for_readiness_asks_again_when_it_is_its_turn() {
    let layer = layer().consecutive_failures(1);
    let (inner, mut handle) = mock::pair::<&'static str, &'static str>();
    handle.allow(1);
    let service = layer.layer(inner);
    let first = tokio::spawn(service.clone().oneshot("first"));
    let (_, send) = soon(handle.next_request()).await.expect("the call comes");
    let waiting = tokio::spawn(service.clone().oneshot("waiting"));
    tokio::task::yield_now().await;
    send.send_error("failed");
    soon(first).await.expect("no panic").unwrap_err();
    handle.allow(1);
    let error = soon(waiting).await.expect("no panic").unwrap_err();
    assert!(error.is::<Open>());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_that_waits_for_readiness_gives_its_place_back() {
    let layer = layer();
    let (inner, mut handle) = mock::pair::<&'static str, &'static str>();
    handle.allow(0);
    let service = layer.layer(inner);
    layer.handle().force_open_for(SECOND);
    advance(1).await;
    let waiting = tokio::spawn(service.clone().oneshot("waiting"));
    tokio::task::yield_now().await;
    assert_eq!(layer.handle().snapshot().probes, 1);
    waiting.abort();
    soon(waiting).await.unwrap_err();
    assert_eq!(layer.handle().snapshot().probes, 0);
    handle.allow(1);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn of_probes_that_wait_for_readiness_past_their_lease_one_is_sent() {
    let layer = layer();
    let (inner, mut handle) = mock::pair::<&'static str, &'static str>();
    handle.allow(0);
    let service = layer.layer(inner);
    layer.handle().force_open_for(SECOND);
    advance(1).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(tokio::spawn(service.clone().oneshot("waiting")));
        advance(10).await;
    }
    handle.allow(5);
    let (_, send) = soon(handle.next_request()).await.expect("a probe comes");
    tokio::task::yield_now().await;
    let newest = waiting.pop().expect("there are five");
    for call in waiting {
        let error = soon(call).await.expect("no panic").unwrap_err();
        assert!(error.is::<Open>());
    }
    send.send_response("fine");
    soon(newest).await.expect("no panic").unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_readied_clone_that_is_dropped_takes_no_probe() {
    let layer = layer();
    let (service, mut handle) = service(&layer);
    layer.handle().force_open_for(SECOND);
    advance(1).await;
    for _ in 0..3 {
        let mut clone = service.clone();
        soon(clone.ready()).await.unwrap();
    }
    assert_eq!(layer.handle().state(), State::Open);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_works_over_a_concurrency_limit_and_loses_no_permit() {
    let layer = layer().consecutive_failures(1);
    let (inner, mut handle) = mock::pair::<&'static str, &'static str>();
    handle.allow(u64::MAX);
    let service = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(inner);
    for _ in 0..10 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
        rejected(&service).await;
        layer.handle().reset();
    }
    answered(&service, &mut handle, "fine").await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn errors_can_be_the_users_own() {
    #[derive(Debug, PartialEq)]
    enum Error {
        Open(Duration),
    }
    impl From<Open> for Error {
        fn from(open: Open) -> Self {
            Self::Open(open.retry_after())
        }
    }
    let layer = CircuitBreakerLayer::new(|_: &Result<(), Error>| Verdict::Success);
    let service = layer.layer(tower::service_fn(|(): ()| async { Ok::<_, Error>(()) }));
    service.clone().oneshot(()).await.unwrap();
    layer.handle().force_open_for(SECOND);
    assert_eq!(service.oneshot(()).await, Err(Error::Open(SECOND)));
}

#[test]
fn its_types_are_send_and_sync() {
    fn check<T: Send + Sync>(_: &T) {}
    fn check_type<T: Send + Sync + Unpin>() {}
    let layer = CircuitBreakerLayer::new(classify);
    let service = layer.layer(Strict::default());
    check(&layer);
    check(&service);
    check(&layer.handle());
    check_type::<ResponseFuture<Strict, &'static str, Infallible>>();
    check_type::<Open>();
}
