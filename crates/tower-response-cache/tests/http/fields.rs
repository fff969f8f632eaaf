//! The fields of an answer that comes from the cache.

use crate::support::{Http, With, get, kept, minute, said, status, value};
use tower_response_cache::CacheStatus;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_comes_back_as_it_was() {
    let mut http = Http::new();
    let told = status(404, minute("text"))
        .with("x-own", "1")
        .with("x-own", "")
        .with("link", "a")
        .with("etag", "\"1\"");
    http.miss(get("/a"), told);
    let res = http.hit(get("/a"));
    assert_eq!(res.status(), 404);
    assert_eq!((value(&res, "etag"), value(&res, "link")), ("\"1\"", "a"));
    assert_eq!(value(&res, "cache-control"), "max-age=60");
    let own: Vec<_> = res.headers().get_all("x-own").iter().collect();
    assert_eq!(own, ["1", ""]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn fields_of_one_hop_are_not_stored() {
    let mut http = Http::new();
    let mut told = minute("text")
        .with("connection", "close, X-Named")
        .with("x-named", "1")
        .with("x-other", "1");
    for name in [
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ] {
        told = told.with(name, "1");
    }
    let first = http.miss(get("/a"), told);
    assert_eq!(first.headers().len(), 14);
    let res = http.hit(get("/a"));
    let mut names: Vec<_> = res.headers().keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["age", "cache-control", "cache-status", "x-other"]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caches_before_this_one_keep_their_word() {
    let mut http = Http::new();
    let told = minute("text")
        .with("cache-status", "origin; hit")
        .with("age", "7");
    let both = |res: &crate::support::Got| -> Vec<String> {
        let lines = res.headers().get_all("cache-status").iter();
        lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect()
    };
    let first = http.miss(get("/a"), told);
    assert_eq!(both(&first), ["origin; hit".to_owned(), kept("miss")]);
    let second = http.hit(get("/a"));
    assert_eq!(
        both(&second),
        ["origin; hit".to_owned(), said(CacheStatus::Hit)]
    );
    assert_eq!(value(&second, "age"), "7");
}
