//! The front keeps the rules of the breaker within.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio_test::{assert_pending, assert_ready, assert_ready_ok, task};
use tower::{BoxError, Layer};
use tower_circuit_breaker::{CircuitBreakerLayer, HttpCircuitBreakerLayer, State};
use tower_test::mock;

type Body = Full<Bytes>;
type Req = Request<Body>;
type Res = Response<Body>;

fn response(status: u16) -> Res {
    Response::builder()
        .status(status)
        .body(Body::default())
        .unwrap()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn open_circuit_answers_while_the_service_is_not_ready() {
    let layer = HttpCircuitBreakerLayer::new();
    let (mut service, mut inner) = mock::spawn_layer::<Req, Res, _>(layer.clone());
    inner.allow(0);
    assert_ready_ok!(service.poll_ready());
    let mut waits = task::spawn(service.call(Req::default()));
    assert_pending!(waits.poll());
    layer.handle().force_open();
    let mut call = task::spawn(service.call(Req::default()));
    assert_eq!(assert_ready_ok!(call.poll()).status(), 503);
    // The one that waited asks again once it could go.
    inner.allow(1);
    assert!(waits.is_woken());
    assert_eq!(assert_ready_ok!(waits.poll()).status(), 503);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn error_of_readiness_reaches_the_caller_and_counts() {
    let breaker = CircuitBreakerLayer::http().consecutive_failures(1);
    let layer = HttpCircuitBreakerLayer::of(breaker);
    let (mut service, mut inner) = mock::spawn_layer::<Req, Res, _>(layer.clone());
    inner.send_error("no connection");
    let mut call = task::spawn(service.call(Req::default()));
    let error: BoxError = assert_ready!(call.poll()).unwrap_err();
    assert_eq!(error.to_string(), "no connection");
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn dropped_probe_gives_its_place_back() {
    let breaker = CircuitBreakerLayer::http();
    let layer = HttpCircuitBreakerLayer::of(breaker);
    let circuit = layer.handle();
    circuit.force_open_for(Duration::from_millis(1));
    tokio::time::advance(Duration::from_millis(2)).await;
    let (mut service, mut inner) = mock::spawn_layer::<Req, Res, _>(layer);
    let mut probe = task::spawn(service.call(Req::default()));
    assert_pending!(probe.poll());
    let mut other = task::spawn(service.call(Req::default()));
    assert_eq!(assert_ready_ok!(other.poll()).status(), 503);
    drop(probe);
    let mut probe = task::spawn(service.call(Req::default()));
    assert_pending!(probe.poll());
    while let Some((_, reply)) = inner.next_request().await {
        reply.send_response(response(200));
        if probe.is_woken() {
            break;
        }
    }
    assert_eq!(assert_ready_ok!(probe.poll()).status(), 200);
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn service_that_is_not_ready_while_open_waits_as_the_breaker_does() {
    let breaker = CircuitBreakerLayer::http().not_ready_while_open(true);
    let layer = HttpCircuitBreakerLayer::of(breaker);
    let circuit = layer.handle();
    let mut service = mock::Spawn::new(layer.layer(mock::pair::<Req, Res>().0));
    assert_ready_ok!(service.poll_ready());
    circuit.force_open();
    assert_pending!(service.poll_ready());
    circuit.force_closed();
    assert!(service.is_woken());
    assert_ready_ok!(service.poll_ready());
}
