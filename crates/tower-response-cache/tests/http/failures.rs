//! Stale answers, server errors, and errors of the inner service.

use crate::support::{Got, Http, SECOND, Told, With, get, minute, plain, status, text, value};
use std::time::Duration;
use tokio::time::{Instant, advance};
use tokio_test::assert_ready;
use tower::BoxError;
use tower_response_cache::HttpCacheLayer;
use tower_test::mock::SendResponse;

fn lasting(directives: &str) -> Told {
    plain("old").with("cache-control", &format!("max-age=60, {directives}"))
}

/// A cache with an answer that has been stale for a second.
async fn stale(directives: &str) -> Http {
    let mut http = Http::new();
    http.miss(get("/a"), lasting(directives));
    advance(SECOND * 61).await;
    http
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn stale_answer_is_given_while_a_new_one_is_fetched() {
    let mut http = stale("stale-while-revalidate=2").await;
    let old = http.hit(get("/a"));
    assert_eq!(value(&old, "age"), "61");
    assert_eq!(text(old).await, "old");
    http.sent().await.1.send_response(minute("new"));
    tokio::task::yield_now().await;
    assert_eq!(text(http.hit(get("/a"))).await, "new");
    let mut http = stale("stale-while-revalidate=1").await;
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_must_be_validated_is_never_given_stale() {
    for directives in [
        "must-revalidate",
        "proxy-revalidate",
        "s-maxage=60",
        "stale-while-revalidate=oops",
        "stale-while-revalidate=9, stale-while-revalidate=99",
    ] {
        let both = format!("{directives}, stale-while-revalidate=9, stale-if-error=9");
        let mut http = stale(&both).await;
        assert!(http.stored(get("/a")).is_none(), "{both}");
    }
    for directives in ["must-revalidate", "proxy-revalidate", "s-maxage=60"] {
        let mut http = stale(&format!("{directives}, stale-if-error=9")).await;
        let res = http.miss(get("/a"), status(503, plain("down")));
        assert_eq!(res.status(), 503, "{directives}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn old_answer_takes_the_place_of_a_server_error() {
    let failed = |code| format!("default; fwd=stale; detail=stale-if-error; fwd-status={code}");
    for (code, takes) in [
        (500, true),
        (502, true),
        (503, true),
        (504, true),
        (501, false),
        (429, false),
        (404, false),
    ] {
        let mut http = stale("stale-if-error=2").await;
        let res = http.miss(get("/a"), status(code, plain("new")));
        let expected = if takes { "old" } else { "new" };
        if takes {
            assert_eq!(value(&res, "cache-status"), failed(code));
        }
        assert_eq!(text(res).await, expected, "{code}");
        let mut http = stale("stale-if-error=1").await;
        let res = http.miss(get("/a"), status(code, plain("new")));
        assert_eq!(res.status(), code);
    }
}

fn fail(http: &mut Http, calls: usize) -> Vec<Result<Got, BoxError>> {
    let mut calls: Vec<_> = (0..calls).map(|_| http.begin(get("/a"))).collect();
    let mut sent = tokio_test::task::spawn(http.inner.next_request());
    let (_, respond) = assert_ready!(sent.poll()).unwrap();
    respond.send_error("no connection");
    calls
        .iter_mut()
        .map(|call| assert_ready!(call.poll()))
        .collect()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn old_answer_takes_the_place_of_an_error_of_the_inner_service() {
    let mut http = stale("stale-if-error=2").await;
    for res in fail(&mut http, 3) {
        let res = res.expect("an old answer");
        assert_eq!((res.status().as_u16(), &*text(res).await), (200, "old"));
    }
    let mut http = stale("stale-if-error=1").await;
    let error = fail(&mut http, 1).remove(0).unwrap_err();
    assert_eq!(error.to_string(), "no connection");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn server_error_is_told_marked_and_not_kept() {
    let mut http = Http::new();
    let down = || status(503, minute("down")).with("retry-after", "9");
    let res = http.miss(get("/a"), down());
    assert_eq!(
        (res.status().as_u16(), value(&res, "retry-after")),
        (503, "9")
    );
    assert_eq!(
        value(&res, "cache-status"),
        "default; fwd=miss; fwd-status=503"
    );
    assert_eq!(text(res).await, "down");
    let res = http.miss(get("/a").with("cache-control", "no-cache"), down());
    assert_eq!(
        value(&res, "cache-status"),
        "default; fwd=miss; fwd-status=503"
    );
    assert!(http.stored(get("/a")).is_none());
}

/// How a service fails.
#[derive(Clone, Copy, Debug)]
enum Down {
    Status(u16),
    Error,
}

fn down(how: Down, respond: SendResponse<Told>) {
    match how {
        Down::Status(code) => {
            let told = status(code, plain("down")).with("retry-after", "9");
            respond.send_response(told.with("set-cookie", "a=b"));
        }
        Down::Error => respond.send_error("no connection"),
    }
}

/// 100 callers of one key, of which each call fails after a second: how many calls are made, when the last
/// caller has its answer, and the last answer.
async fn outage(layer: HttpCacheLayer, how: Down) -> (usize, Duration, Got) {
    let mut http = Http::of(layer);
    let start = Instant::now();
    let calls = (0..100).map(|_| http.begin(get("/a"))).collect::<Vec<_>>();
    let mut calls = futures_util::future::join_all(calls);
    let mut made = 0;
    let mut answers = loop {
        tokio::select! {
            biased;
            answers = &mut calls => break answers,
            Some((_, respond)) = http.inner.next_request() => {
                made += 1;
                tokio::spawn(async move {
                    tokio::time::sleep(SECOND).await;
                    down(how, respond);
                });
            }
        }
    };
    (made, start.elapsed(), answers.pop().unwrap().unwrap())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn in_an_outage_two_calls_are_made_for_all_who_wait() {
    for code in [500, 502, 503, 504] {
        let layer = HttpCacheLayer::new(1 << 20);
        let (made, waited, res) = outage(layer, Down::Status(code)).await;
        assert_eq!((made, waited), (2, SECOND * 2), "{code}");
        assert_eq!(res.status(), code);
        let said = format!("default; fwd=miss; collapsed; fwd-status={code}");
        assert_eq!(value(&res, "cache-status"), said);
        assert_eq!(value(&res, "retry-after"), "9");
        // The rest may be for the one who made the call.
        assert!(!res.headers().contains_key("set-cookie"));
        assert_eq!(text(res).await, "");
    }
    let layer = HttpCacheLayer::new(1 << 20);
    let (made, waited, res) = outage(layer, Down::Error).await;
    assert_eq!((made, waited, res.status().as_u16()), (2, SECOND * 2, 502));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn how_many_calls_an_outage_makes_is_a_knob() {
    for (most, share, how, made, seconds) in [
        (1, true, Down::Status(503), 1, 1),
        (5, true, Down::Status(503), 5, 5),
        (1, false, Down::Status(503), 100, 2),
        (2, false, Down::Status(503), 100, 3),
        // A refusal is for its caller.
        (2, true, Down::Status(429), 100, 3),
        (2, true, Down::Status(403), 100, 3),
    ] {
        let layer = HttpCacheLayer::new(1 << 20);
        let layer = layer.failures_in_turn(most).share_failures(share);
        let (calls, waited, _) = outage(layer, how).await;
        assert_eq!(
            (calls, waited),
            (made, SECOND * seconds),
            "{most} {share} {how:?}"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_in_the_background_is_given_up_in_time() {
    let layer = HttpCacheLayer::new(1 << 20).background_timeout(SECOND * 5);
    let mut http = Http::of(layer);
    http.miss(get("/a"), lasting("stale-while-revalidate=60"));
    advance(SECOND * 61).await;
    http.hit(get("/a"));
    let hangs = http.sent().await;
    advance(SECOND * 5).await;
    tokio::task::yield_now().await;
    assert_eq!(http.handle.snapshot().failed_revalidations, 1);
    assert_eq!(http.handle.snapshot().flights, 0);
    drop(hangs);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn failure_in_the_background_leaves_the_old_answer() {
    for code in [429, 503] {
        let mut http = stale("stale-while-revalidate=9").await;
        http.hit(get("/a"));
        http.sent()
            .await
            .1
            .send_response(status(code, plain("down")));
        tokio::task::yield_now().await;
        assert_eq!(text(http.hit(get("/a"))).await, "old");
        // It is not made for each caller again.
        http.assert_no_call();
        assert_eq!(http.handle.snapshot().failed_revalidations, 1);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_is_not_kept_ends_the_older_one() {
    for (new, ends) in [
        (plain("new"), true),
        (status(303, plain("")), true),
        (status(404, plain("")), true),
        (status(410, plain("")), true),
        (status(304, plain("")), false),
        (status(403, plain("")), false),
        (status(429, plain("")), false),
        (status(503, plain("")), false),
    ] {
        let mut http = Http::new();
        http.miss(get("/a"), minute("old"));
        let code = new.status();
        http.miss(get("/a").with("cache-control", "no-cache"), new);
        assert_eq!(http.stored(get("/a")).is_none(), ends, "{code}");
    }
}
