//! HEAD, answered with what is stored for GET.

use crate::support::{
    Http, SECOND, With, get, kept, minute, plain, request, said, status, text, value,
};
use http_body::Body;
use tokio::time::advance;
use tower_response_cache::CacheStatus;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_to_get_answers_head_without_its_body() {
    let mut http = Http::new();
    http.miss(get("/a"), status(404, minute("text")).with("x-own", "1"));
    advance(SECOND * 10).await;
    let res = http.hit(request("HEAD", "/a"));
    assert_eq!((res.status().as_u16(), value(&res, "x-own")), (404, "1"));
    assert_eq!(
        (value(&res, "age"), value(&res, "content-length")),
        ("10", "4")
    );
    assert_eq!(value(&res, "cache-status"), said(CacheStatus::Hit));
    assert!(res.body().is_end_stream());
    assert_eq!(http.handle.snapshot().hits, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn head_asks_of_the_stored_answer_what_get_does() {
    for (directives, will_do) in [
        ("max-age=10", true),
        ("max-age=9", false),
        ("min-fresh=51", false),
        ("no-cache", false),
        ("only-if-cached", true),
    ] {
        let mut http = Http::new();
        http.miss(get("/a"), minute("text"));
        advance(SECOND * 10).await;
        let stored = http.stored(request("HEAD", "/a").with("cache-control", directives));
        assert_eq!(stored.is_some(), will_do, "{directives}");
    }
    let mut http = Http::new();
    http.miss(get("/a"), minute("text").with("etag", "\"a\""));
    let same = request("HEAD", "/a").with("if-none-match", "\"a\"");
    assert_eq!(http.hit(same).status(), 304);
    advance(SECOND * 60).await;
    assert!(http.stored(request("HEAD", "/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_to_head_answers_head_alone() {
    let mut http = Http::new();
    let res = http.miss(request("HEAD", "/a"), minute(""));
    assert_eq!(value(&res, "cache-status"), kept("miss"));
    http.hit(request("HEAD", "/a"));
    assert_eq!(text(http.miss(get("/a"), minute("text"))).await, "text");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_to_head_that_shows_a_change_ends_the_answer_to_get() {
    for (field, content, code, ends) in [
        ("etag", "\"b\"", 200, true),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT", 200, true),
        ("content-length", "5", 200, true),
        ("etag", "\"a\"", 200, false),
        ("content-length", "4", 200, false),
        ("x-own", "2", 200, false),
        ("etag", "\"b\"", 404, false),
        ("etag", "\"b\"", 503, false),
    ] {
        let mut http = Http::new();
        let stored = minute("text")
            .with("etag", "\"a\"")
            .with("last-modified", "Sun, 06 Nov 1994 08:49:36 GMT")
            .with("content-length", "4")
            .with("x-own", "1");
        http.miss(get("/a"), stored);
        let head = request("HEAD", "/a").with("cache-control", "no-cache");
        http.miss(head, status(code, plain("")).with(field, content));
        assert_eq!(
            http.stored(get("/a")).is_none(),
            ends,
            "{field}: {content} {code}"
        );
    }
}
