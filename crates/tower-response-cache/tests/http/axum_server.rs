//! The cache as one line of a real server, asked by a real client.

use std::net::SocketAddr;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::header::{AGE, AUTHORIZATION, CACHE_CONTROL},
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_response_cache::{CacheStatus, HttpCacheLayer};

type Client = SendRequest<Empty<Bytes>>;

/// A server that counts the calls of its handlers.
async fn client() -> (Client, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let counted = {
        let calls = Arc::clone(&calls);
        move || calls.fetch_add(1, Ordering::Relaxed).to_string()
    };
    let news = {
        let counted = counted.clone();
        move || async move { ([(CACHE_CONTROL, "max-age=60")], counted()) }
    };
    let app = Router::new()
        .route("/news", get(news).post(|| async {}))
        .route("/now", get(move || async move { counted() }))
        .layer(HttpCacheLayer::new(64 << 20).name("server"));
    (connect(serve(app).await).await, calls)
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn connect(address: SocketAddr) -> Client {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn send(client: &mut Client, method: &str, path: &str) -> (Response<()>, String) {
    send_with(client, method, path, None).await
}

async fn send_with(
    client: &mut Client,
    method: &str,
    path: &str,
    authorization: Option<&str>,
) -> (Response<()>, String) {
    let mut req = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "example.com");
    if let Some(authorization) = authorization {
        req = req.header(AUTHORIZATION, authorization);
    }
    let res = client.send_request(req.body(Empty::new()).unwrap()).await;
    let (parts, body) = res.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    (Response::from_parts(parts, ()), text)
}

fn hit() -> String {
    CacheStatus::Hit.cache_status("server").to_string()
}

fn cache_status(res: &Response<()>) -> &str {
    res.headers()["cache-status"].to_str().unwrap()
}

#[tokio::test]
async fn second_request_is_answered_without_the_handler() {
    let (mut client, calls) = client().await;
    let (first, text) = send(&mut client, "GET", "/news").await;
    assert_eq!(
        (cache_status(&first), &*text),
        ("server; fwd=miss; fwd-status=200; stored", "0")
    );
    assert!(!first.headers().contains_key(AGE));
    let (second, text) = send(&mut client, "GET", "/news").await;
    assert_eq!((cache_status(&second), &*text), (&*hit(), "0"));
    assert_eq!(second.headers()[AGE], "0");
    assert_eq!(second.headers()["content-length"], "1");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn handler_without_a_word_about_caching_is_called_each_time() {
    let (mut client, _) = client().await;
    for call in ["0", "1", "2"] {
        assert_eq!(send(&mut client, "GET", "/now").await.1, call);
    }
}

#[tokio::test]
async fn post_invalidates_what_the_server_keeps() {
    let (mut client, _) = client().await;
    assert_eq!(send(&mut client, "GET", "/news").await.1, "0");
    assert_eq!(send(&mut client, "POST", "/news").await.0.status(), 200);
    assert_eq!(send(&mut client, "GET", "/news").await.1, "1");
}

#[tokio::test]
async fn head_is_answered_with_the_length_and_without_a_body() {
    let (mut client, calls) = client().await;
    for _ in 0..2 {
        let (res, text) = send(&mut client, "HEAD", "/news").await;
        assert_eq!(
            (&res.headers()["content-length"], &*text),
            (&"1".parse().unwrap(), "")
        );
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn request_with_authorization_is_for_its_caller_alone() {
    let (mut client, _) = client().await;
    for call in ["0", "1"] {
        let sent = send_with(&mut client, "GET", "/news", Some("Basic eDp5"));
        let (res, text) = sent.await;
        assert_eq!(
            (cache_status(&res), &*text),
            ("server; fwd=bypass; fwd-status=200", call)
        );
    }
    assert_eq!(send(&mut client, "GET", "/news").await.1, "2");
}

#[tokio::test]
async fn clients_that_ask_at_the_same_time_share_one_call_of_the_handler() {
    const CLIENTS: u64 = 20;
    let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let slow = {
        let (gate, calls) = (Arc::clone(&gate), Arc::clone(&calls));
        move || async move {
            calls.fetch_add(1, Ordering::Relaxed);
            drop(gate.acquire().await);
            ([(CACHE_CONTROL, "max-age=60")], "slow")
        }
    };
    let layer = HttpCacheLayer::new(64 << 20);
    let handle = layer.handle();
    let app = Router::new().route("/slow", get(slow)).layer(layer);
    let address = serve(app).await;
    let asked = (0..CLIENTS).map(|_| {
        tokio::spawn(async move { send(&mut connect(address).await, "GET", "/slow").await.1 })
    });
    let asked: Vec<_> = asked.collect();
    while handle.snapshot().waiting < CLIENTS - 1 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(1);
    for asked in asked {
        assert_eq!(asked.await.unwrap(), "slow");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(
        (handle.snapshot().misses, handle.snapshot().joins),
        (1, CLIENTS - 1)
    );
}

#[tokio::test]
async fn body_that_is_too_large_comes_whole() {
    let parts = || {
        let part =
            |number: u8| Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![number; 1000])));
        let parts = StreamBody::new(stream::iter((b'a'..=b'z').map(part)));
        ([(CACHE_CONTROL, "max-age=60")], Body::new(parts))
    };
    let expected: String = ('a'..='z')
        .map(|letter| letter.to_string().repeat(1000))
        .collect();
    for (max, kept) in [(10_000, 0), (26_000, 1)] {
        let layer = HttpCacheLayer::new(64 << 20).max_body(max);
        let handle = layer.handle();
        let app = Router::new().route("/long", get(move || async move { parts() }));
        let mut client = connect(serve(app.layer(layer)).await).await;
        for _ in 0..2 {
            assert_eq!(send(&mut client, "GET", "/long").await.1, expected);
        }
        assert_eq!(handle.snapshot().hits, kept);
    }
}
