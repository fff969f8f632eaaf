//! What requests ask of the cache.

use crate::support::{
    Http, SECOND, Told, With, forwarded, get, kept, minute, plain, request, said, value,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::advance;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_response_cache::{CacheStatus, HttpCacheLayer};

/// A cache with an answer that is 10 seconds old, and fresh for 50 more.
async fn ten_seconds_old() -> Http {
    let mut http = Http::new();
    http.miss(get("/a"), minute("old"));
    advance(SECOND * 10).await;
    http
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_directive_says_whether_a_stored_answer_will_do() {
    for (directives, will_do) in [
        ("max-age=10", true),
        ("max-age=9", false),
        ("max-age=0", false),
        ("max-age=10, max-age=11", false),
        ("min-fresh=50", true),
        ("min-fresh=51", false),
        ("max-age=10, min-fresh=51", false),
        ("no-cache", false),
        ("no-store", false),
        ("only-if-cached", true),
        ("max-stale=5", true),
        ("max-stale", true),
        ("max-stale=5, max-age=9", false),
        ("no-transform", true),
        ("extension=\"no-cache\"", true),
    ] {
        let mut http = ten_seconds_old().await;
        let stored = http.stored(get("/a").with("cache-control", directives));
        assert_eq!(stored.is_some(), will_do, "{directives}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn stale_answer_is_given_to_who_takes_one() {
    for (told, directives, will_do) in [
        ("max-age=60", "max-stale=10", true),
        ("max-age=60", "max-stale=9", false),
        ("max-age=60", "max-stale", true),
        ("max-age=60", "max-stale=", false),
        ("max-age=60", "max-stale=x", false),
        ("max-age=60", "max-stale=10, max-age=69", false),
        ("max-age=60", "max-stale=10, min-fresh=1", false),
        ("max-age=60", "max-stale=10, no-cache", false),
        ("max-age=60", "max-stale=10, only-if-cached", true),
        ("max-age=60, must-revalidate", "max-stale", false),
        ("max-age=60, proxy-revalidate", "max-stale", false),
        ("s-maxage=60", "max-stale", false),
        ("max-age=60, no-cache", "max-stale", false),
    ] {
        let mut http = Http::new();
        let res = plain("old").with("cache-control", told);
        http.miss(get("/a"), res.with("etag", "\"a\""));
        advance(SECOND * 70).await;
        let stored = http.stored(get("/a").with("cache-control", directives));
        assert_eq!(stored.is_some(), will_do, "{told}: {directives}");
        if let Some(res) = stored {
            assert_eq!(value(&res, "cache-status"), said(CacheStatus::Stale));
            assert_eq!(value(&res, "age"), "70");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn new_answer_takes_the_place_of_the_stored_one() {
    for (field, asked) in [
        ("cache-control", "no-cache"),
        ("cache-control", "max-age=5"),
        ("cache-control", "min-fresh=55"),
        ("pragma", "no-cache"),
    ] {
        let mut http = ten_seconds_old().await;
        let new = http.miss(get("/a").with(field, asked), minute("new"));
        assert_eq!(value(&new, "cache-status"), kept("request"));
        assert_eq!(crate::support::text(http.hit(get("/a"))).await, "new");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn pragma_means_nothing_beside_cache_control() {
    let mut http = ten_seconds_old().await;
    let both = get("/a").with("pragma", "no-cache");
    http.hit(both.with("cache-control", "max-age=30"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_that_is_not_to_be_stored_goes_past_the_cache_and_is_told_why() {
    let mut http = Http::new();
    let res = http.miss(request("OPTIONS", "/a"), minute("text"));
    assert_eq!(value(&res, "cache-status"), forwarded("method"));
    let res = http.miss(request("POST", "/a"), minute("text"));
    assert_eq!(value(&res, "cache-status"), forwarded("method"));
    let no_store = || get("/a").with("cache-control", "no-store");
    let res = http.miss(no_store(), minute("text"));
    assert_eq!(value(&res, "cache-status"), forwarded("bypass"));
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_for_one_caller_or_for_a_part_goes_past_the_cache() {
    for (field, content) in [
        ("authorization", "Basic eDp5"),
        ("range", "bytes=0-1"),
        ("if-match", "\"a\""),
        ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("if-range", "\"a\""),
        ("upgrade", "websocket"),
    ] {
        // Not even an answer that says it is public: RFC 9111, section 3.5, allows to keep it.
        let public = || minute("text").with("cache-control", "public, s-maxage=60");
        let mut http = Http::new();
        http.miss(get("/a").with(field, content), public());
        let res = http.miss(get("/a"), public());
        assert_eq!(value(&res, "cache-status"), kept("miss"));
        assert!(
            http.stored(get("/a").with(field, content)).is_none(),
            "{field}"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_get_and_head_are_answered_from_the_cache() {
    for (method, kept) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", false),
        ("TRACE", false),
        ("POST", false),
        ("PUT", false),
        ("DELETE", false),
        ("PATCH", false),
        ("QUERY", false),
    ] {
        let mut http = Http::new();
        http.miss(request(method, "/a"), minute(""));
        let stored = http.stored(request(method, "/a"));
        assert_eq!(stored.is_some(), kept, "{method}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn content_of_a_get_goes_past_the_cache() {
    let layer = HttpCacheLayer::new(1 << 20);
    let handle = layer.handle();
    let mut service = layer.layer(service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<Told, std::convert::Infallible>(minute("text"))
    }));
    for (content, bypassed) in [("", 0), ("a question", 1)] {
        let req = Request::new(Full::from(content));
        service.ready().await.unwrap().call(req).await.unwrap();
        assert_eq!(handle.snapshot().bypasses, bypassed);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_if_cached_is_answered_by_the_cache_alone() {
    let absent = |http: &mut Http, directives: &str| {
        let res = http.hit(get("/a").with("cache-control", directives));
        assert_eq!(res.status(), 504, "{directives}");
        assert_eq!(value(&res, "cache-status"), said(CacheStatus::Absent));
        http.assert_no_call();
    };
    absent(&mut Http::new(), "only-if-cached");
    for directives in [
        "only-if-cached, no-cache",
        "only-if-cached, no-store",
        "only-if-cached, max-age=5",
    ] {
        let mut http = ten_seconds_old().await;
        absent(&mut http, directives);
        assert_eq!(http.handle.snapshot().absent, 1);
    }
    let mut http = ten_seconds_old().await;
    let res = http.hit(get("/a").with("cache-control", "only-if-cached, max-age=10"));
    assert_eq!(res.status(), 200);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn requests_are_told_apart_by_their_targets() {
    let asked = [
        get("/a"),
        get("/A"),
        get("/a?"),
        get("/a?b"),
        get("http://one/a"),
        get("https://one/a"),
        get("http://one:8080/a"),
        get("http://two/a"),
    ];
    let mut http = Http::new();
    for req in asked {
        http.miss(req, minute("text"));
    }
    http.miss(get("/a").with("host", "one"), minute("one"));
    http.miss(get("/a").with("host", "two"), minute("two"));
    http.hit(get("/a").with("host", "ONE"));
    http.hit(get("http://ONE/a"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn requests_are_told_apart_by_the_chosen_fields() {
    let layer =
        HttpCacheLayer::new(1 << 20).vary_by([http::header::ACCEPT_LANGUAGE, http::header::ACCEPT]);
    let mut http = Http::of(layer);
    let told = || minute("text").with("vary", "accept, accept-language");
    let asked = || {
        [
            get("/a"),
            get("/a").with("accept", "b"),
            get("/a").with("accept-language", "b"),
            get("/a").with("accept", "b").with("accept-language", "b"),
            get("/a").with("accept", "b").with("accept", "b"),
            get("/a").with("accept", "b, b"),
            get("/a").with("accept", ""),
        ]
    };
    for req in asked() {
        http.miss(req, told());
    }
    for req in asked() {
        http.hit(req.with("accept-encoding", "gzip"));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_goes_on_as_it_came() {
    let mut http = Http::new();
    let _call = http.begin(get("/a?b").with("accept", "text/plain"));
    let (sent, _) = http.sent().await;
    assert_eq!(
        (sent.uri(), value_of(&sent)),
        (&"/a?b".parse().unwrap(), "text/plain")
    );
    assert_eq!(sent.headers().len(), 1);
}

fn value_of<B>(req: &Request<B>) -> &str {
    req.headers()["accept"].to_str().unwrap()
}
