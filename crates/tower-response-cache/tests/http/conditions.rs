//! Requests of callers that may have what is stored.

use crate::support::{Http, SECOND, Told, With, get, minute, said, status, text, value};
use tokio::time::advance;
use tower_response_cache::CacheStatus;

const OLD: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const YOUNG: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn tagged() -> Told {
    minute("text")
        .with("etag", "\"a,b\"")
        .with("last-modified", OLD)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_has_what_is_stored_is_told_so() {
    for (field, condition, unchanged) in [
        ("if-none-match", "\"a,b\"", true),
        ("if-none-match", "W/\"a,b\"", true),
        ("if-none-match", " \"x\" ,, W/\"y\",\"a,b\"", true),
        ("if-none-match", "*", true),
        ("if-none-match", "\"a\"", false),
        ("if-none-match", "\"A,B\"", false),
        ("if-none-match", "a,b", false),
        ("if-none-match", "\"a,b", false),
        ("if-none-match", "", false),
        ("if-modified-since", OLD, true),
        ("if-modified-since", YOUNG, true),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT", false),
        ("if-modified-since", "yesterday", false),
    ] {
        let mut http = Http::new();
        http.miss(get("/a"), tagged().with("content-type", "text/plain"));
        advance(SECOND).await;
        let res = http.hit(get("/a").with(field, condition));
        let (code, body) = if unchanged { (304, "") } else { (200, "text") };
        assert_eq!(res.status(), code, "{field}: {condition}");
        assert_eq!((value(&res, "etag"), value(&res, "age")), ("\"a,b\"", "1"));
        assert_eq!(value(&res, "cache-status"), said(CacheStatus::Hit));
        assert_eq!(res.headers().contains_key("content-type"), !unchanged);
        assert_eq!(text(res).await, body);
        assert_eq!(http.handle.snapshot().hits, 1);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tag_counts_before_the_date_and_weak_tags_are_tags() {
    let mut http = Http::new();
    http.miss(
        get("/a"),
        minute("text")
            .with("etag", "W/\"a\"")
            .with("last-modified", OLD),
    );
    let both = get("/a").with("if-none-match", "\"b\"");
    assert_eq!(
        http.hit(both.with("if-modified-since", YOUNG)).status(),
        200
    );
    assert_eq!(
        http.hit(get("/a").with("if-none-match", "\"a\"")).status(),
        304
    );
    let lines = get("/a").with("if-none-match", "\"b\"");
    assert_eq!(http.hit(lines.with("if-none-match", "\"a\"")).status(), 304);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn without_a_fresh_answer_the_condition_is_for_the_service() {
    let asked = || get("/a").with("if-none-match", "\"a,b\"");
    let bypassed = |http: &mut Http, req| {
        let res = http.miss(req, status(304, minute("")));
        assert_eq!(value(&res, "cache-status"), said(CacheStatus::Bypass));
    };
    let mut http = Http::new();
    bypassed(&mut http, asked());
    http.miss(
        get("/a"),
        tagged().with("cache-control", "stale-while-revalidate=9"),
    );
    bypassed(&mut http, asked().with("cache-control", "no-cache"));
    bypassed(&mut http, asked().with("cache-control", "min-fresh=61"));
    http.hit(get("/a"));
    advance(SECOND * 60).await;
    bypassed(&mut http, asked());
    let mut http = Http::new();
    http.miss(get("/a"), status(404, tagged()));
    bypassed(&mut http, asked());
}
