//! Stale answers, server errors, and errors of the inner service.

use crate::support::{
    Got, Http, SECOND, Told, With, get, minute, plain, said, status, text, value,
};
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready};
use tower::BoxError;
use tower_response_cache::CacheStatus;

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
    assert_eq!(value(&res, "cache-status"), said(CacheStatus::Miss));
    assert_eq!(text(res).await, "down");
    let res = http.miss(get("/a").with("cache-control", "no-cache"), down());
    assert_eq!(value(&res, "cache-status"), said(CacheStatus::Refreshed));
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_that_waited_for_a_failure_call_all_at_once() {
    for code in [429, 503] {
        let mut http = Http::new();
        let mut calls = [(); 3].map(|()| http.begin(get("/a")));
        http.sent()
            .await
            .1
            .send_response(status(code, plain("down")));
        assert_eq!(assert_ready!(calls[0].poll()).unwrap().status(), code);
        for call in &mut calls[1..] {
            assert_pending!(call.poll());
        }
        for _ in 0..2 {
            http.sent()
                .await
                .1
                .send_response(status(code, plain("down")));
        }
        for call in &mut calls[1..] {
            assert_eq!(assert_ready!(call.poll()).unwrap().status(), code);
        }
    }
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
