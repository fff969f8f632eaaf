//! Requests of callers that may have what is stored.

use crate::support::{
    Http, SECOND, Told, With, forwarded, get, kept, minute, plain, said, status, text, value,
};
use tokio::time::advance;
use tokio_test::assert_ready;
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
async fn caller_that_takes_a_stale_answer_and_has_it_is_told_so() {
    let mut http = Http::new();
    http.miss(get("/a"), tagged());
    advance(SECOND * 70).await;
    let stale = get("/a").with("cache-control", "max-stale");
    let res = http.hit(stale.with("if-none-match", "\"a,b\""));
    assert_eq!((res.status().as_u16(), value(&res, "age")), (304, "70"));
    assert_eq!(value(&res, "cache-status"), said(CacheStatus::Stale));
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
async fn without_a_stored_answer_the_whole_one_is_fetched_for_all() {
    for (tag, code) in [("\"a,b\"", 304), ("\"c\"", 200)] {
        let mut http = Http::new();
        let asked = get("/a").with("if-none-match", tag);
        let mut call = http.begin(asked.with("if-modified-since", YOUNG));
        let mut other = http.begin(get("/a"));
        let (sent, respond) = http.sent().await;
        assert!(sent.headers().is_empty(), "{:?}", sent.headers());
        respond.send_response(tagged());
        let res = assert_ready!(call.poll()).unwrap();
        assert_eq!(res.status(), code);
        assert_eq!(value(&res, "cache-status"), kept("miss"));
        assert_eq!(text(assert_ready!(other.poll()).unwrap()).await, "text");
        assert_eq!(text(http.hit(get("/a"))).await, "text");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_stored_is_asked_about_and_not_what_the_caller_has() {
    for (tag, code, body) in [("\"a,b\"", 304, ""), ("\"c\"", 200, "text")] {
        let mut http = Http::new();
        http.miss(get("/a"), tagged());
        advance(SECOND * 60).await;
        let mut call = http.begin(get("/a").with("if-none-match", tag));
        let (sent, respond) = http.sent().await;
        assert_eq!(sent.headers()["if-none-match"], "\"a,b\"");
        respond.send_response(status(304, plain("")).with("cache-control", "max-age=60"));
        let res = assert_ready!(call.poll()).unwrap();
        assert_eq!((res.status().as_u16(), &*text(res).await), (code, body));
        http.hit(get("/a"));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn condition_is_for_the_service_where_answers_are_not_shared() {
    let mut http = Http::new();
    http.miss(get("/a"), plain("mine"));
    let mut call = http.begin(get("/a").with("if-none-match", "\"a\""));
    let (sent, respond) = http.sent().await;
    assert_eq!(sent.headers()["if-none-match"], "\"a\"");
    respond.send_response(plain("new").with("etag", "\"a\""));
    let res = assert_ready!(call.poll()).unwrap();
    // It is not the cache that answers, whatever the service makes of the condition.
    assert_eq!(res.status(), 200);
    assert_eq!(value(&res, "cache-status"), forwarded("bypass"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_whole_answers_are_compared() {
    let asked = || get("/a").with("if-none-match", "\"a,b\"");
    let mut http = Http::new();
    let res = http.miss(asked(), status(404, tagged()));
    assert_eq!(res.status(), 404);
    assert_eq!(http.hit(asked()).status(), 404);
    let mut http = Http::new();
    let private = tagged().with("cache-control", "private");
    assert_eq!(text(http.miss(asked(), private)).await, "text");
}
