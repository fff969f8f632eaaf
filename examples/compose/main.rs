//! `cargo run -p compose --example compose`: a server that throttles, fails and recovers, and a client that
//! does not mind.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::{Router, http::StatusCode, routing::get};
use bytes::Bytes;
use http_body_util::Full;
use tower::{BoxError, ServiceExt};

static ASKED: AtomicU32 = AtomicU32::new(0);

async fn answer() -> Result<&'static str, (StatusCode, [(&'static str, &'static str); 1])> {
    match ASKED.fetch_add(1, Ordering::Relaxed) {
        0 => Err((StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")])),
        1..3 => Err((StatusCode::BAD_GATEWAY, [("x-cause", "none")])),
        _ => Ok("hello"),
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let app = compose::server::guarded(Router::new().route("/", get(answer)), 6);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let client = compose::client::client();
    for _ in 0..3 {
        let req = http::Request::get(&base).body(Full::<Bytes>::default())?;
        let res = client.clone().oneshot(req).await?;
        let told = res.headers().get("ratelimit").cloned();
        println!("{} {told:?}", res.status());
    }
    println!(
        "the server was asked {} times",
        ASKED.load(Ordering::Relaxed)
    );
    Ok(())
}
