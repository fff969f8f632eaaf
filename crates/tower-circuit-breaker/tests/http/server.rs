//! One line on a real axum router, asked by a real client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::{Router, http::StatusCode, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower_circuit_breaker::{CircuitBreakerLayer, HttpCircuitBreakerLayer, State};

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn ask(
    client: &Client<HttpConnector, Empty<Bytes>>,
    address: SocketAddr,
) -> (Response<()>, Bytes) {
    let req = Request::get(format!("http://{address}/"));
    let res = client.request(req.body(Empty::new()).unwrap()).await;
    let (parts, body) = res.unwrap().into_parts();
    (
        Response::from_parts(parts, ()),
        body.collect().await.unwrap().to_bytes(),
    )
}

#[tokio::test]
async fn router_answers_for_its_handlers_while_they_are_unwell() {
    let broken = Arc::new(AtomicBool::new(true));
    let handler = {
        let broken = Arc::clone(&broken);
        move || async move {
            match broken.load(Ordering::Relaxed) {
                true => Err(StatusCode::BAD_GATEWAY),
                false => Ok("fine"),
            }
        }
    };
    let breaker = CircuitBreakerLayer::http().consecutive_failures(3);
    let circuit = breaker.handle();
    let app = Router::new()
        .route("/", get(handler))
        .layer(HttpCircuitBreakerLayer::of(breaker));
    let address = serve(app).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    for _ in 0..3 {
        assert_eq!(ask(&client, address).await.0.status(), 502);
    }
    let (res, body) = ask(&client, address).await;
    assert_eq!(res.status(), 503);
    assert_eq!(res.headers()["content-type"], "application/problem+json");
    let wait: u64 = res.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert!(body.starts_with(b"{\"type\":\"about:blank\""));
    broken.store(false, Ordering::Relaxed);
    circuit.reset();
    let (res, body) = ask(&client, address).await;
    assert_eq!((res.status().as_u16(), &*body), (200, b"fine".as_slice()));
    assert_eq!(circuit.state(), State::Closed);
}
