//! One line on a real axum router, asked by real clients.

use std::net::SocketAddr;

use axum::{Router, extract::ConnectInfo, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower_quota::{HttpQuotaLayer, Limit};

use crate::support::KEY;

type Http = Client<HttpConnector, Empty<Bytes>>;

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn client() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

async fn ask(client: &Http, address: SocketAddr, key: &str) -> (Response<()>, Bytes) {
    let req = Request::get(format!("http://{address}/")).header(KEY, key);
    let res = client.request(req.body(Empty::new()).unwrap()).await;
    let (parts, body) = res.unwrap().into_parts();
    (
        Response::from_parts(parts, ()),
        body.collect().await.unwrap().to_bytes(),
    )
}

fn app(quota: HttpQuotaLayer) -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(quota)
}

#[tokio::test]
async fn router_answers_callers_without_quota_and_serves_the_others() {
    let quota = HttpQuotaLayer::by_header(Limit::calls_per_minute(3), KEY);
    let address = serve(app(quota)).await;
    let http = client();
    for left in ["2", "1", "0"] {
        let (res, body) = ask(&http, address, "a").await;
        assert_eq!((res.status().as_u16(), &*body), (200, b"hello".as_slice()));
        let expected = format!("\"calls-per-minute\";r={left};t=60");
        assert_eq!(res.headers()["ratelimit"], expected);
    }
    let (res, body) = ask(&http, address, "a").await;
    assert_eq!(res.status(), 429);
    let wait: u64 = res.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((59..=60).contains(&wait), "{wait}");
    assert!(body.starts_with(b"{\"type\":\"https://iana.org/"));
    assert_eq!(ask(&http, address, "b").await.0.status(), 200);
}

#[tokio::test]
async fn connections_of_one_address_are_one_peer() {
    let quota = HttpQuotaLayer::by_peer(
        Limit::calls_per_minute(2),
        |peer: &ConnectInfo<SocketAddr>| peer.ip(),
    );
    let address = serve(app(quota)).await;
    for status in [200, 200, 429] {
        let (res, _) = ask(&client(), address, "").await;
        assert_eq!(res.status(), status);
    }
}

#[tokio::test]
async fn callers_at_once_get_the_amount_and_no_more() {
    let quota = HttpQuotaLayer::by_header(Limit::calls_per_minute(20), KEY);
    let handle = quota.handle();
    let address = serve(app(quota)).await;
    let http = client();
    let asked = (0..60).map(|_| {
        let http = http.clone();
        tokio::spawn(async move { ask(&http, address, "a").await.0.status() })
    });
    let mut served = 0;
    for asked in asked.collect::<Vec<_>>() {
        served += u32::from(asked.await.unwrap() == 200);
    }
    assert_eq!(served, 20);
    assert_eq!(handle.keys().len(), 1);
}
