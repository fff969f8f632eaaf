//! Each composition against a server that throttles, fails and recovers, as a user would ask it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::any};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower::{BoxError, Service, ServiceExt};

type Answers = Arc<dyn Fn(u32) -> axum::response::Response + Send + Sync>;

/// A server that answers by the number of the request, from 0.
struct Server {
    base: String,
    asked: Arc<AtomicU32>,
}

impl Server {
    async fn new(
        answers: impl Fn(u32) -> axum::response::Response + Send + Sync + 'static,
    ) -> Self {
        async fn answer(
            State((asked, answers)): State<(Arc<AtomicU32>, Answers)>,
        ) -> axum::response::Response {
            answers(asked.fetch_add(1, Ordering::Relaxed))
        }
        let (asked, answers): (_, Answers) = (Arc::new(AtomicU32::new(0)), Arc::new(answers));
        let state = (Arc::clone(&asked), answers);
        let app = Router::new().fallback(any(answer)).with_state(state);
        Self {
            base: serve(app).await,
            asked,
        }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

fn at_once(status: StatusCode) -> axum::response::Response {
    (status, [("retry-after", "0")]).into_response()
}

/// 429, 503 with a hint, 502, and then what was asked for.
fn three_kinds_of_trouble(nth: u32) -> axum::response::Response {
    match nth {
        0 => at_once(StatusCode::TOO_MANY_REQUESTS),
        1 => at_once(StatusCode::SERVICE_UNAVAILABLE),
        2 => StatusCode::BAD_GATEWAY.into_response(),
        _ => "hello".into_response(),
    }
}

async fn ask<S>(client: S, method: Method, uri: &str) -> Result<(StatusCode, Bytes), BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>, Error = BoxError>,
{
    let req = Request::builder()
        .method(method)
        .uri(uri)
        .body(Full::default())?;
    let res = client.oneshot(req).await?;
    let status = res.status();
    Ok((status, res.into_body().collect().await?.to_bytes()))
}

fn hello() -> (StatusCode, Bytes) {
    (StatusCode::OK, Bytes::from("hello"))
}

#[tokio::test]
async fn client_gets_its_answer_through_throttles_and_failures() {
    let server = Server::new(three_kinds_of_trouble).await;
    let client = compose::client::client();
    let base = server.base.clone();
    // In a task, as in an app.
    let call = tokio::spawn(async move { ask(client, Method::GET, &base).await });
    assert_eq!(call.await.unwrap().unwrap(), hello());
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn client_does_not_send_a_post_again_that_may_have_been_carried_out() {
    let server = Server::new(three_kinds_of_trouble).await;
    let told = ask(compose::client::client(), Method::POST, &server.base)
        .await
        .unwrap();
    assert_eq!(told.0, StatusCode::BAD_GATEWAY);
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn client_spares_a_server_that_is_down_and_comes_back_when_it_recovers() {
    let server = Server::new(|nth| match nth {
        0..5 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => "hello".into_response(),
    })
    .await;
    let client = compose::client::client();
    let calls = (0..20).map(|_| {
        let (client, base) = (client.clone(), server.base.clone());
        tokio::spawn(async move { ask(client, Method::GET, &base).await })
    });
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(answer) => assert_eq!(answer, hello()),
            // The ramp that follows may hold a call back for longer than it waits.
            Err(error) => assert!(error.is::<tower_circuit_breaker::Open>(), "{error}"),
        }
    }
    assert!(server.asked() <= 45, "{}", server.asked());
}

#[tokio::test]
async fn attempt_that_takes_too_long_is_made_once_more() {
    let hang = Router::new().fallback(|| async { std::future::pending::<&str>().await });
    let base = serve(hang).await;
    let client = compose::limit_and_timeout::client(2, Duration::from_millis(50));
    let error = ask(client, Method::GET, &base).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>(), "{error}");
}

#[tokio::test]
async fn limits_and_buffers_of_tower_fit_between() {
    for _ in 0..2 {
        let server = Server::new(three_kinds_of_trouble).await;
        let client = compose::limit_and_timeout::client(1, Duration::from_secs(30));
        assert_eq!(
            ask(client, Method::GET, &server.base).await.unwrap(),
            hello()
        );
        let server = Server::new(three_kinds_of_trouble).await;
        let buffered = ask(compose::buffer::client(), Method::GET, &server.base).await;
        assert_eq!(buffered.unwrap(), hello());
    }
}

#[tokio::test]
async fn backend_that_is_down_is_not_chosen() {
    let down = Server::new(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    let well = Server::new(|_| "hello".into_response()).await;
    let backends = [&down, &well].map(|server| {
        let authority = server.base.strip_prefix("http://").unwrap();
        authority.parse().unwrap()
    });
    let client = compose::balance::client(backends);
    for _ in 0..100 {
        let answer = ask(client.clone(), Method::GET, "http://any/")
            .await
            .unwrap();
        assert_eq!(answer, hello());
    }
    // Three that open its circuit, and a probe each second or two.
    assert!((3..=5).contains(&down.asked()), "{}", down.asked());
}

#[tokio::test]
async fn boxed_client_is_a_field_of_a_struct_and_can_be_played() {
    let server = Server::new(three_kinds_of_trouble).await;
    let api = compose::boxed::Api::new(server.base.clone());
    assert_eq!(api.get("/news").await.unwrap(), "hello");
    let played = tower::util::BoxCloneSyncService::new(tower::service_fn(
        |req: Request<Full<Bytes>>| async move {
            Ok::<_, BoxError>(Response::new(Bytes::from(req.uri().path().to_owned())))
        },
    ));
    let api = compose::boxed::Api::with("http://none".to_owned(), played);
    assert_eq!(api.get("/news").await.unwrap(), "/news");
}

#[tokio::test]
async fn calls_of_grpc_are_judged_by_their_status() {
    let server = Server::new(|nth| match nth {
        0 => [("grpc-status", "8"), ("grpc-retry-pushback-ms", "1")].into_response(),
        1 => [("grpc-status", "14"), ("x-cause", "none")].into_response(),
        2 => ([("grpc-status", "0")], "hello").into_response(),
        _ => [("grpc-status", "3")].into_response(),
    })
    .await;
    let channel = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<Full<Bytes>>();
    let greeter = compose::grpc::Greeter::new(server.base.clone(), compose::grpc::layered(channel));
    assert_eq!(greeter.say_hello("you").await.unwrap(), "hello");
    assert_eq!(server.asked(), 3);
    // An argument that is wrong stays so.
    let error = greeter.say_hello("you").await.unwrap_err();
    assert_eq!(error.to_string(), "grpc-status 3");
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn server_turns_away_who_asks_too_often_and_answers_while_it_is_unwell() {
    let app = Router::new().route("/", any(|| async { "hello" })).route(
        "/broken",
        any(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
    );
    let base = serve(compose::server::guarded(app, 7)).await;
    let http = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<Full<Bytes>>();
    let ask = async |key: &str, path: &str| {
        let req = Request::get(format!("{base}{path}")).header("x-api-key", key);
        http.request(req.body(Full::default()).unwrap())
            .await
            .unwrap()
    };
    for _ in 0..7 {
        assert_eq!(ask("a", "/").await.status(), 200);
    }
    let rejected = ask("a", "/").await;
    assert_eq!(rejected.status(), 429);
    assert_eq!(
        rejected.headers()["ratelimit-policy"],
        "\"calls-per-minute\";q=7;w=60"
    );
    assert_eq!(ask("b", "/").await.status(), 200);
    for _ in 0..5 {
        assert_eq!(ask("c", "/broken").await.status(), 500);
    }
    let unwell = ask("d", "/").await;
    assert_eq!(unwell.status(), 503);
    assert!(unwell.headers().contains_key("retry-after"));
}

#[test]
fn client_with_retries_a_breaker_and_a_quota_takes_no_more_lines_than_promised() {
    let text = include_str!("../client.rs");
    let code = |line: &&str| !line.is_empty() && !line.trim_start().starts_with("//");
    assert_eq!(text.lines().filter(code).count(), 20, "its imports too");
}
