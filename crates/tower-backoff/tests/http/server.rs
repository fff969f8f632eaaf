//! A real client and a real server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::any};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tower_backoff::{Backoff, BackoffLayer, HttpClassifier, Verdict};

type Asked = Arc<AtomicU32>;

/// Answers its first request in time for nobody: 429, 503, then 200 with what it got.
async fn server() -> (SocketAddr, Asked) {
    async fn answer(State(asked): State<Asked>, body: String) -> impl IntoResponse {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => (
                StatusCode::TOO_MANY_REQUESTS,
                [("retry-after", "0")],
                String::new(),
            ),
            1 => (
                StatusCode::SERVICE_UNAVAILABLE,
                [("retry-after", "0")],
                String::new(),
            ),
            _ => (StatusCode::OK, [("x-told", "all")], body),
        }
    }
    let asked = Asked::default();
    let app = Router::new()
        .route("/", any(answer))
        .with_state(Arc::clone(&asked));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, asked)
}

fn at_once() -> Backoff {
    Backoff::new(std::time::Duration::ZERO, std::time::Duration::ZERO)
}

fn post(address: SocketAddr) -> Request<Full<Bytes>> {
    let req = Request::post(format!("http://{address}/"));
    req.body(Full::from("hello")).unwrap()
}

#[tokio::test]
async fn client_sends_the_body_again_until_the_server_takes_it() {
    let (address, asked) = server().await;
    let http = Client::builder(TokioExecutor::new()).build_http();
    let backoff = BackoffLayer::http()
        .throttled(at_once())
        .transient(at_once());
    let client = backoff.layer(http);
    // In a task, which asks most of the types.
    let call = tokio::spawn(client.oneshot(post(address)));
    let res = call.await.unwrap().unwrap();
    assert_eq!(res.status(), StatusCode::OK);
    let body = res.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "hello");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn connection_that_is_not_made_is_tried_again_if_the_client_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let known = HttpClassifier::new().error(|error: &hyper_util::client::legacy::Error| {
        error.is_connect().then(Verdict::transient)
    });
    for (classifier, attempts) in [(HttpClassifier::new(), 1), (known, 3)] {
        let backoff = BackoffLayer::per_request(classifier)
            .transient(at_once())
            .max_attempts(3);
        let handle = backoff.handle();
        let client = backoff.layer(Client::builder(TokioExecutor::new()).build_http());
        client.oneshot(post(address)).await.unwrap_err();
        assert_eq!(handle.snapshot().attempts, attempts);
    }
    // Boxed, the refused connection is found within.
    let backoff = BackoffLayer::http().transient(at_once()).max_attempts(3);
    let handle = backoff.handle();
    let http = Client::builder(TokioExecutor::new()).build_http();
    let client = backoff.layer(http.map_err(tower::BoxError::from));
    client.oneshot(post(address)).await.unwrap_err();
    assert_eq!(handle.snapshot().attempts, 3);
}
