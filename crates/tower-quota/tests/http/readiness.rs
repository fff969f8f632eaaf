//! The front keeps the rules of the quota within.

use std::time::Duration;

use crate::support::{KEY, Req, Res, SECOND, from};
use http::StatusCode;
use tokio_test::{assert_pending, assert_ready, assert_ready_ok, task};
use tower::BoxError;
use tower_quota::{HttpKey, HttpQuotaLayer, Limit};
use tower_test::mock;

fn layer() -> HttpQuotaLayer {
    HttpQuotaLayer::by_header(Limit::calls_per_minute(1), KEY)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn rejection_needs_no_readiness_of_the_service() {
    let (mut service, mut inner) = mock::spawn_layer::<Req, Res, _>(layer());
    inner.allow(0);
    assert_ready_ok!(service.poll_ready());
    let mut admitted = task::spawn(service.call(from(b"a")));
    assert_pending!(admitted.poll());
    let mut rejected = task::spawn(service.call(from(b"a")));
    let res = assert_ready_ok!(rejected.poll());
    assert_eq!(res.status(), StatusCode::TOO_MANY_REQUESTS);
    // Dropped before it was made, a call costs nothing.
    drop(admitted);
    let mut next = task::spawn(service.call(from(b"a")));
    assert_pending!(next.poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn error_of_readiness_reaches_the_caller_and_costs_nothing() {
    let layer = layer();
    let handle = layer.handle();
    let (mut service, mut inner) = mock::spawn_layer::<Req, Res, _>(layer);
    inner.send_error("no connection");
    let mut call = task::spawn(service.call(from(b"a")));
    let error: BoxError = assert_ready!(call.poll()).unwrap_err();
    assert_eq!(error.to_string(), "no connection");
    let used = handle.snapshot(&HttpKey::secret("a")).unwrap();
    assert_eq!((used.limits[0].used, used.pending_calls), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_may_wait_for_its_turn_if_it_is_allowed_to() {
    let (mut service, mut inner) =
        mock::spawn_layer::<Req, Res, _>(layer().max_wait(2 * 60 * SECOND));
    for _ in 0..2 {
        let call = service.call(from(b"a"));
        let begun = tokio::time::Instant::now();
        let played = async {
            let (_, reply) = inner.next_request().await.unwrap();
            reply.send_response(Res::default());
            begun.elapsed()
        };
        let (res, waited) = tokio::join!(call, played);
        assert_eq!(res.unwrap().status(), StatusCode::OK);
        assert!(
            waited == Duration::ZERO || waited >= 60 * SECOND,
            "{waited:?}"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn clones_and_services_share_the_ledger() {
    let layer = layer();
    let mut one = crate::support::server(&layer.clone());
    let mut other = crate::support::server(&layer);
    assert_eq!(one(from(b"a")).status(), StatusCode::OK);
    assert_eq!(other(from(b"a")).status(), StatusCode::TOO_MANY_REQUESTS);
}
