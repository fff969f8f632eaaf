//! Asking the service whether a stored answer is still good: RFC 9111, section 4.3.

use std::time::Duration;

use crate::support::{
    Http, MILLISECOND, SECOND, Told, With, forwarded, get, kept, minute, plain, status, text, value,
};
use httpdate::fmt_http_date;
use tokio::time::advance;
use tokio_test::assert_ready;
use tower_response_cache::HttpCacheLayer;

const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn tagged(directives: &str) -> Told {
    plain("old")
        .with("cache-control", directives)
        .with("etag", "\"a\"")
}

fn unchanged() -> Told {
    status(304, plain(""))
}

/// A cache with an answer that has been stale for a second.
async fn stale(res: Told) -> Http {
    let mut http = Http::new();
    http.miss(get("/a"), res);
    advance(SECOND * 61).await;
    http
}

/// The cache status of a 200 in the place of a 304.
fn confirmed() -> String {
    "default; fwd=stale; fwd-status=304; stored".to_owned()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn service_is_asked_with_the_validators_of_what_is_stored() {
    for (etag, modified) in [
        (Some("W/\"a\""), Some(MODIFIED)),
        (Some("\"a\""), None),
        (None, Some(MODIFIED)),
        (None, None),
    ] {
        let mut res = minute("old");
        for (name, value) in [("etag", etag), ("last-modified", modified)] {
            res = value
                .into_iter()
                .fold(res, |res, value| res.with(name, value));
        }
        let mut http = stale(res).await;
        let _call = http.begin(get("/a"));
        let (sent, _) = http.sent().await;
        let asked = |name| {
            sent.headers()
                .get(name)
                .map(|value| value.to_str().unwrap())
        };
        assert_eq!(asked("if-none-match"), etag);
        assert_eq!(asked("if-modified-since"), modified);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn unchanged_answer_is_given_with_its_new_fields_and_fresh_again() {
    let old = tagged("max-age=60")
        .with("x-old", "1")
        .with("x-both", "1")
        .with("content-type", "text/html")
        .with("age", "5");
    let mut http = stale(old).await;
    let told = unchanged()
        .with("cache-control", "max-age=30")
        .with("x-both", "2")
        .with("x-both", "3")
        .with("x-new", "4")
        .with("content-type", "text/plain")
        .with("content-length", "0")
        .with("connection", "x-hop")
        .with("x-hop", "5");
    let res = http.miss(get("/a"), told);
    assert_eq!(value(&res, "cache-status"), confirmed());
    assert!(!res.headers().contains_key("age"));
    advance(SECOND * 2).await;
    for res in [res, http.hit(get("/a"))] {
        assert_eq!(res.status(), 200);
        let values: Vec<_> = res.headers().get_all("x-both").iter().collect();
        assert_eq!(values, ["2", "3"]);
        assert_eq!((value(&res, "x-old"), value(&res, "x-new")), ("1", "4"));
        assert_eq!(value(&res, "content-type"), "text/html");
        assert_eq!(value(&res, "cache-control"), "max-age=30");
        for name in ["x-hop", "content-length"] {
            assert!(!res.headers().contains_key(name), "{name}");
        }
        assert_eq!(text(res).await, "old");
    }
    assert_eq!(value(&http.hit(get("/a")), "age"), "2");
    advance(SECOND * 28).await;
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn date_and_age_of_the_confirmation_count_and_not_those_before() {
    let now = std::time::SystemTime::now();
    let old = tagged("max-age=60").with("date", &fmt_http_date(now));
    let mut http = stale(old).await;
    let told = unchanged()
        .with("age", "20")
        .with("cache-control", "max-age=60");
    http.miss(get("/a"), told.with("date", &fmt_http_date(now)));
    assert_eq!(value(&http.hit(get("/a")), "age"), "20");
    advance(SECOND * 40 - MILLISECOND).await;
    http.hit(get("/a"));
    advance(MILLISECOND).await;
    assert!(http.stored(get("/a")).is_none());
    // Without a date the old one says nothing any more.
    let long_ago = fmt_http_date(now - Duration::from_secs(3000));
    let mut http = stale(tagged("max-age=3060").with("date", &long_ago)).await;
    http.miss(get("/a"), unchanged().with("cache-control", "max-age=60"));
    http.hit(get("/a"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn changed_answer_takes_the_place_of_the_old_one() {
    let mut http = stale(tagged("max-age=60")).await;
    let res = http.miss(get("/a"), minute("new").with("etag", "\"b\""));
    assert_eq!(value(&res, "cache-status"), kept("stale"));
    assert_eq!(text(http.hit(get("/a"))).await, "new");
    let mut http = stale(tagged("max-age=60")).await;
    let res = http.miss(get("/a"), plain("mine"));
    assert_eq!(value(&res, "cache-status"), forwarded("stale"));
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn confirmation_must_be_about_what_is_stored() {
    for (told, stored, confirms) in [
        (vec![("etag", "\"a\"")], ("etag", "\"a\""), true),
        (vec![("etag", "W/\"a\"")], ("etag", "\"a\""), true),
        (vec![("etag", "W/\"a\"")], ("etag", "W/\"a\""), true),
        // Of nginx, where it compresses: only the whole response has a weak one.
        (vec![("etag", "\"a\"")], ("etag", "W/\"a\""), true),
        (vec![("etag", "\"b\"")], ("etag", "\"a\""), false),
        (vec![("etag", "W/\"b\"")], ("etag", "W/\"a\""), false),
        // Which one it has, what is stored does not say.
        (vec![("etag", "\"a\"")], ("last-modified", MODIFIED), true),
        (
            vec![("etag", "\"a\""), ("last-modified", LATER)],
            ("last-modified", MODIFIED),
            false,
        ),
        (
            vec![("last-modified", MODIFIED)],
            ("last-modified", MODIFIED),
            true,
        ),
        (
            vec![("last-modified", LATER)],
            ("last-modified", MODIFIED),
            false,
        ),
        // Another server has an older copy of the same.
        (
            vec![("last-modified", MODIFIED)],
            ("last-modified", LATER),
            true,
        ),
        (
            vec![("last-modified", "yesterday")],
            ("last-modified", "today"),
            true,
        ),
        (
            vec![("last-modified", LATER)],
            ("last-modified", "today"),
            true,
        ),
        (vec![], ("etag", "\"a\""), true),
        (vec![], ("last-modified", MODIFIED), true),
    ] {
        let mut http = stale(minute("old").with(stored.0, stored.1)).await;
        let res = told
            .iter()
            .fold(unchanged(), |res, (name, value)| res.with(name, value));
        let res = http.miss(get("/a"), res);
        let code = if confirms { 200 } else { 502 };
        assert_eq!(res.status(), code, "{told:?} of {stored:?}");
        // What tells which one is stored stays as it was.
        if confirms {
            assert_eq!(value(&res, stored.0), stored.1, "{told:?}");
        }
        // What could not be confirmed is not asked about again.
        let mut call = http.begin(get("/a").with("cache-control", "no-cache"));
        let (sent, respond) = http.sent().await;
        assert_eq!(
            sent.headers().contains_key("if-none-match"),
            confirms && stored.0 == "etag"
        );
        respond.send_response(plain(""));
        assert_ready!(call.poll()).unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn confirmation_of_something_else_is_a_failure_for_all_who_wait() {
    let mut http = Http::of(HttpCacheLayer::new(1 << 20).failures_in_turn(1));
    http.miss(get("/a"), tagged("max-age=60"));
    advance(SECOND * 61).await;
    let mut calls = [(); 2].map(|()| http.begin(get("/a")));
    let other = unchanged().with("etag", "\"b\"");
    http.sent().await.1.send_response(other);
    for (call, collapsed) in calls.iter_mut().zip(["", "collapsed; "]) {
        let res = assert_ready!(call.poll()).unwrap();
        let said = format!("default; fwd=stale; {collapsed}fwd-status=304");
        assert_eq!(
            (res.status().as_u16(), value(&res, "cache-status")),
            (502, &*said)
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn confirmation_may_end_the_stored_answer() {
    for (field, content) in [
        ("cache-control", "no-store"),
        ("cache-control", "private"),
        ("set-cookie", "a=b"),
        ("vary", "cookie"),
    ] {
        let mut http = stale(tagged("max-age=60")).await;
        let res = http.miss(get("/a"), unchanged().with(field, content));
        assert_eq!(
            value(&res, "cache-status"),
            "default; fwd=stale; fwd-status=304"
        );
        assert_eq!((res.status().as_u16(), &*text(res).await), (200, "old"));
        let mut call = http.begin(get("/a"));
        let (sent, respond) = http.sent().await;
        assert!(!sent.headers().contains_key("if-none-match"), "{field}");
        respond.send_response(plain(""));
        assert_ready!(call.poll()).unwrap();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_must_always_be_asked_for_is_kept_and_asked_for() {
    for directives in [
        "no-cache",
        "no-cache, max-age=60",
        "no-cache=\"set-cookie\"",
        "max-age=0",
        "max-age=0, must-revalidate",
        "no-cache, stale-while-revalidate=60, stale-if-error=60",
    ] {
        let mut http = Http::new();
        let res = http.miss(get("/a"), tagged(directives));
        assert_eq!(value(&res, "cache-status"), kept("miss"), "{directives}");
        for _ in 0..3 {
            let res = http.miss(get("/a"), unchanged());
            assert_eq!(value(&res, "cache-status"), confirmed(), "{directives}");
            assert_eq!(text(res).await, "old");
        }
        let only = get("/a").with("cache-control", "only-if-cached");
        assert_eq!(http.hit(only).status(), 504);
        assert_eq!(http.miss(get("/a"), status(503, plain(""))).status(), 503);
    }
    // Nothing tells whether it is still good.
    let mut http = Http::new();
    let res = http.miss(get("/a"), plain("old").with("cache-control", "no-cache"));
    assert_eq!(value(&res, "cache-status"), forwarded("miss"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nobody_gets_the_answer_of_another_where_each_has_to_ask() {
    let mut http = Http::new();
    let mut calls = [(); 3].map(|()| http.begin(get("/a")));
    http.sent().await.1.send_response(tagged("no-cache"));
    assert_ready!(calls[0].poll()).unwrap();
    for call in &mut calls[1..] {
        assert!(call.poll().is_pending());
    }
    for _ in 0..2 {
        let (sent, respond) = http.sent().await;
        assert_eq!(sent.headers()["if-none-match"], "\"a\"");
        respond.send_response(unchanged());
    }
    for call in &mut calls[1..] {
        assert_eq!(text(assert_ready!(call.poll()).unwrap()).await, "old");
    }
    // From now on nobody waits for another.
    let mut calls = [(); 3].map(|()| http.begin(get("/a")));
    let sent = [http.sent().await, http.sent().await, http.sent().await];
    for (_, respond) in sent {
        respond.send_response(unchanged());
    }
    for call in &mut calls {
        let res = assert_ready!(call.poll()).unwrap();
        assert_eq!(value(&res, "cache-status"), confirmed());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_share_a_confirmation() {
    let mut http = stale(tagged("max-age=60")).await;
    let mut calls = [(); 3].map(|()| http.begin(get("/a")));
    let told = unchanged().with("cache-control", "max-age=60");
    http.sent().await.1.send_response(told);
    let collapsed = "default; fwd=stale; collapsed; fwd-status=304";
    for (call, said) in calls.iter_mut().zip([&*confirmed(), collapsed, collapsed]) {
        let res = assert_ready!(call.poll()).unwrap();
        assert_eq!(value(&res, "cache-status"), said);
        assert_eq!(text(res).await, "old");
    }
    assert_eq!(http.handle.snapshot().calls(), 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn failure_of_the_question_counts_as_that_of_any_call() {
    for (directives, code, body) in [
        ("max-age=60, stale-if-error=2", 200, "old"),
        ("max-age=60, stale-if-error=1", 503, "down"),
        ("max-age=60", 503, "down"),
        ("max-age=60, must-revalidate, stale-if-error=2", 503, "down"),
        ("max-age=0, stale-if-error=62", 200, "old"),
        ("max-age=0, stale-if-error=61", 503, "down"),
    ] {
        let mut http = stale(tagged(directives)).await;
        let res = http.miss(get("/a"), status(503, plain("down")));
        let said = if code == 200 {
            "detail=stale-if-error; "
        } else {
            ""
        };
        let said = format!("default; fwd=stale; {said}fwd-status=503");
        assert_eq!(value(&res, "cache-status"), said, "{directives}");
        assert_eq!((res.status().as_u16(), &*text(res).await), (code, body));
        // It stays, and is asked about again.
        http.miss(get("/a"), unchanged().with("cache-control", "max-age=60"));
        assert_eq!(text(http.hit(get("/a"))).await, "old");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn question_in_the_background_makes_the_answer_fresh() {
    let mut http = stale(tagged("max-age=60, stale-while-revalidate=9")).await;
    http.hit(get("/a"));
    let (sent, respond) = http.sent().await;
    assert_eq!(sent.headers()["if-none-match"], "\"a\"");
    respond.send_response(unchanged().with("cache-control", "max-age=60"));
    tokio::task::yield_now().await;
    let res = http.hit(get("/a"));
    assert_eq!(value(&res, "age"), "0");
    assert_eq!(text(res).await, "old");
    assert_eq!(http.handle.snapshot().failed_revalidations, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn how_long_an_answer_may_be_asked_about_is_a_knob() {
    for (layer, time) in [
        (HttpCacheLayer::new(1 << 20), SECOND * 600),
        (HttpCacheLayer::new(1 << 20).validate_for(SECOND), SECOND),
    ] {
        let mut http = Http::of(layer);
        for (age, asks) in [(time - MILLISECOND, true), (time, false)] {
            http.handle.clear();
            http.miss(get("/a"), tagged("max-age=60"));
            advance(SECOND * 60 + age).await;
            let mut call = http.begin(get("/a"));
            let (sent, respond) = http.sent().await;
            assert_eq!(
                sent.headers().contains_key("if-none-match"),
                asks,
                "{age:?}"
            );
            respond.send_response(plain(""));
            assert_ready!(call.poll()).unwrap();
            http.handle.clear();
            http.miss(get("/a"), minute(""));
        }
    }
    let mut http = Http::of(HttpCacheLayer::new(1 << 20).validate_for(Duration::ZERO));
    let res = http.miss(get("/a"), tagged("no-cache"));
    assert_eq!(value(&res, "cache-status"), forwarded("miss"));
}
