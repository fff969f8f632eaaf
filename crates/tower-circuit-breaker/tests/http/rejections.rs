//! What callers of an open circuit get.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_circuit_breaker::{CircuitBreakerLayer, HttpCircuitBreakerLayer, State};

type Body = Full<Bytes>;

fn service(
    status: u16,
) -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = std::future::Ready<Result<Response<Body>, Infallible>>,
> + Clone {
    service_fn(move |_| {
        let res = Response::builder()
            .status(status)
            .body(Full::from("handler"));
        std::future::ready(Ok(res.unwrap()))
    })
}

async fn ask<S>(service: &mut S) -> (u16, Option<String>, String)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let Ok(res) = service.call(Request::new(Body::default())).await;
    let (parts, body) = res.into_parts();
    let retry_after = parts.headers.get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status.as_u16(),
        retry_after,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn rejection_is_a_503_that_says_when_to_come_again_and_nothing_else() {
    let layer = HttpCircuitBreakerLayer::new();
    layer.handle().force_open_for(Duration::from_millis(11_001));
    let mut service = layer.layer(service(200));
    let Ok(res) = service.call(Request::new(Body::default())).await;
    assert_eq!(res.headers()["content-type"], "application/problem+json");
    let (status, retry_after, body) = ask(&mut service).await;
    assert_eq!((status, retry_after.as_deref()), (503, Some("12")));
    assert_eq!(
        body,
        "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\
         \"detail\":\"The service is unwell; try again in 12 s.\"}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn retry_after_is_rounded_up_and_never_nothing() {
    for (millis, expected) in [(1, "1"), (999, "1"), (1_000, "1"), (1_001, "2")] {
        let layer = HttpCircuitBreakerLayer::new();
        layer.handle().force_open_for(Duration::from_millis(millis));
        let (_, retry_after, _) = ask(&mut layer.layer(service(200))).await;
        assert_eq!(retry_after.as_deref(), Some(expected), "{millis} ms");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn key_of_a_circuit_is_not_told() {
    let breaker = CircuitBreakerLayer::http()
        .consecutive_failures(1)
        .key_by(|_: &Request<Body>| "secret".to_owned());
    let circuits = breaker.circuits();
    let mut service = HttpCircuitBreakerLayer::of(breaker).layer(service(500));
    assert_eq!(ask(&mut service).await.0, 500);
    assert_eq!(circuits.handle(&"secret".to_owned()).state(), State::Open);
    let (status, _, body) = ask(&mut service).await;
    assert_eq!(status, 503);
    assert!(!body.contains("secret"), "{body}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answers_of_the_service_pass_as_they_are_and_are_counted() {
    let breaker = CircuitBreakerLayer::http().consecutive_failures(3);
    let layer = HttpCircuitBreakerLayer::of(breaker);
    let mut failing = layer.layer(service(500));
    for _ in 0..2 {
        assert_eq!(ask(&mut failing).await, (500, None, "handler".to_owned()));
    }
    assert_eq!(layer.handle().snapshot().consecutive_failures, 2);
    assert_eq!(ask(&mut layer.clone().layer(service(200))).await.0, 200);
    assert_eq!(layer.handle().snapshot().consecutive_failures, 0);
    for _ in 0..3 {
        ask(&mut failing).await;
    }
    assert_eq!(ask(&mut failing).await.0, 503);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn throttles_of_a_servers_callers_do_not_open_its_circuit() {
    let layer = HttpCircuitBreakerLayer::new();
    let mut service = layer.layer(service(429));
    for _ in 0..200 {
        assert_eq!(ask(&mut service).await.0, 429);
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(layer.handle().state(), State::Closed);
}
