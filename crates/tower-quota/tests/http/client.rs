//! A client over HTTP: a 429 of the server tells what it has.

use crate::support::SECOND;
use futures_util::FutureExt;
use http::{Request, Response};
use tower::{BoxError, Layer, Service, service_fn};
use tower_quota::{HttpKey, Limit, QuotaLayer, Rejected};

/// Calls a server that answers with this status and hint.
async fn after(status: u16, retry_after: &'static str) -> (u64, u64, Option<std::time::Duration>) {
    let layer = QuotaLayer::http(Limit::calls_per_minute(600)).max_wait(std::time::Duration::ZERO);
    let handle = layer.handle();
    let mut client = layer.layer(service_fn(move |_: Request<()>| {
        let res = Response::builder()
            .status(status)
            .header("retry-after", retry_after);
        std::future::ready(Ok::<_, BoxError>(res.body(()).unwrap()))
    }));
    client.call(Request::new(())).await.unwrap();
    let used = handle.snapshot(&HttpKey::EVERYBODY).unwrap();
    tokio::time::advance(std::time::Duration::from_millis(500)).await;
    let next = client.call(Request::new(())).now_or_never().unwrap();
    let wait = next
        .err()
        .and_then(|error| error.downcast::<Rejected>().unwrap().retry_after());
    (used.throttled, used.limits[0].used, wait)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn throttle_costs_nothing_and_its_hint_holds_the_others() {
    let (throttled, used, wait) = after(429, "7").await;
    assert_eq!((throttled, used), (1, 0));
    assert!(
        wait.is_some_and(|wait| wait > 6 * SECOND && wait <= 7 * SECOND),
        "{wait:?}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_other_answer_is_a_call() {
    for status in [200, 404, 500, 503] {
        assert_eq!(after(status, "7").await, (0, 1, None), "{status}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn hint_beyond_all_bounds_holds_a_minute_and_one_that_cannot_be_read_does_not() {
    let (_, _, wait) = after(429, "99999999999999999999999").await;
    assert!(wait.is_some_and(|wait| wait <= 60 * SECOND), "{wait:?}");
    let (throttled, _, wait) = after(429, "soon").await;
    assert_eq!(throttled, 1);
    assert!(wait.is_none_or(|wait| wait <= SECOND), "{wait:?}");
}
