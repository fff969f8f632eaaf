//! Callers on several threads at once, of which some leave, of a service that fails at times.

use std::convert::Infallible;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::task::yield_now;
use tower::{Layer, ServiceExt, service_fn};
use tower_response_cache::HttpCacheLayer;

use crate::support::{With, request};

const CALLERS: u64 = 20_000;
const RESOURCES: u64 = 20;

type Versions = Arc<[AtomicU64]>;

/// Answers GET with the version of a resource, in several ways that may be kept; PUT makes a new version.
async fn serve(
    versions: Versions,
    path: u64,
    number: u64,
    req: Request<http_body_util::Empty<Bytes>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let version = &versions[path as usize];
    let answer = |code, text: String| {
        let mut res = Response::new(Full::from(text));
        *res.status_mut() = code;
        res
    };
    if req.method() == Method::PUT {
        version.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        return Ok(answer(http::StatusCode::NO_CONTENT, String::new()));
    }
    let now = version.load(Ordering::SeqCst);
    for _ in 0..number % 4 {
        yield_now().await;
    }
    let tag = format!("\"{now}\"");
    let directives = match path % 4 {
        0 => "max-age=60",
        1 => "max-age=0",
        2 => "no-cache",
        _ => "max-age=60, stale-if-error=60",
    };
    let is_same = req
        .headers()
        .get("if-none-match")
        .is_some_and(|asked| asked.as_bytes() == tag.as_bytes());
    let res = match (number % 7, is_same) {
        (0, _) => answer(http::StatusCode::SERVICE_UNAVAILABLE, "down".to_owned()),
        (1, _) => return Ok(answer(http::StatusCode::OK, format!("{path} {now}"))),
        (_, true) => answer(http::StatusCode::NOT_MODIFIED, String::new()),
        _ => answer(http::StatusCode::OK, format!("{path} {now}")),
    };
    Ok(res.with("cache-control", directives).with("etag", &tag))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_another_resource_or_one_from_before_a_change_that_was_answered() {
    let versions: Versions = (0..RESOURCES).map(|_| AtomicU64::new(0)).collect();
    let answered: Versions = (0..RESOURCES).map(|_| AtomicU64::new(0)).collect();
    let calls = Arc::new(AtomicU64::new(0));
    let layer = HttpCacheLayer::new(1 << 20);
    let service = layer.layer(service_fn({
        let versions = Arc::clone(&versions);
        move |req: Request<_>| {
            let path = req.uri().path()[1..].parse().expect("a number");
            let number = calls.fetch_add(1, Ordering::Relaxed);
            serve(Arc::clone(&versions), path, number, req)
        }
    }));
    let callers = (0..CALLERS).map(|n| {
        let (service, answered) = (service.clone(), Arc::clone(&answered));
        let (versions, path) = (Arc::clone(&versions), (n * 7 + n / 40) % RESOURCES);
        let caller = tokio::spawn(async move {
            let uri = format!("/{path}");
            if n % 40 == 3 {
                // The change is over once its answer is there; what was read before it is older.
                let before = versions[path as usize].load(Ordering::SeqCst);
                let done = service.oneshot(request("PUT", &uri)).await;
                assert_eq!(done.expect("it cannot fail").status(), 204);
                answered[path as usize].fetch_max(before + 1, Ordering::SeqCst);
                return;
            }
            let least = answered[path as usize].load(Ordering::SeqCst);
            let req = match n % 5 {
                0 => request("GET", &uri).with("cache-control", "no-cache"),
                1 => request("GET", &uri).with("cache-control", "max-stale"),
                _ => request("GET", &uri),
            };
            let res = service.oneshot(req).await.expect("it cannot fail");
            if res.status() == 503 {
                return;
            }
            assert_eq!(res.status(), 200);
            let body = res.into_body().collect().await.expect("a whole body");
            let text = String::from_utf8(body.to_bytes().to_vec()).expect("text");
            let (of, version) = text.split_once(' ').expect("two numbers");
            assert_eq!(of.parse(), Ok(path));
            let version: u64 = version.parse().expect("a number");
            assert!(version >= least, "{path}: {version} after {least}");
        });
        if n % 6 == 0 {
            caller.abort();
        }
        caller
    });
    // The clock of several threads cannot be paused; a minute is far more than they need.
    let all = futures_util::future::join_all(callers.collect::<Vec<_>>());
    let all = tokio::time::timeout(Duration::from_secs(60), all).await;
    for caller in all.expect("hangs") {
        if let Err(error) = caller {
            assert!(error.is_cancelled(), "{error}");
        }
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.flights, snapshot.waiting), (0, 0));
    assert!(snapshot.hits > 0 && snapshot.joins > 0, "{snapshot:?}");
}
