//! Which responses are kept.

use crate::support::{Http, SECOND, With, forwarded, get, kept, minute, plain, status};
use tower_response_cache::HttpCacheLayer;

/// Whether the second of two requests is answered with `res`.
fn is_kept(http: &mut Http, res: crate::support::Told) -> bool {
    http.handle.clear();
    let first = http.miss(get("/a"), res);
    let kept = http.stored(get("/a")).is_some();
    drop(first);
    kept
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_directive_says_whether_a_response_is_kept() {
    for (directives, kept) in [
        ("max-age=60", true),
        ("MAX-AGE=60", true),
        ("max-age=\"60\"", true),
        ("s-maxage=60", true),
        ("public, max-age=60", true),
        ("must-revalidate, max-age=60", true),
        ("max-age=60, max-age=60", true),
        ("max-age=99999999999999999999", true),
        ("extension=\"no-store, private\", max-age=60", true),
        ("", false),
        ("public", false),
        ("must-revalidate", false),
        ("max-age", false),
        ("max-age=", false),
        ("max-age=0", false),
        ("max-age=-1", false),
        ("max-age=1.5", false),
        ("max-age=sixty", false),
        ("max-age=60, max-age=61", false),
        ("s-maxage=0, max-age=60", false),
        ("no-store, max-age=60", false),
        ("No-Store, max-age=60", false),
        ("no-store=1, max-age=60", false),
        ("private, max-age=60", false),
        ("private=\"set-cookie\", max-age=60", false),
        ("no-cache, max-age=60", false),
        ("no-cache=\"set-cookie\", max-age=60", false),
        ("max-age=60, \"no-store", false),
        ("max-age=60, a=\"no-store", false),
        ("max-age=60, a=\"\"no-store", false),
    ] {
        let mut http = Http::new();
        let res = plain("text").with("cache-control", directives);
        assert_eq!(is_kept(&mut http, res), kept, "{directives}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn directives_of_several_lines_count_together() {
    let mut http = Http::new();
    let res = minute("text").with("cache-control", "no-store");
    assert!(!is_kept(&mut http, res));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn statuses_of_whole_answers_are_kept() {
    // Told how long; kept by default.
    for (code, told, by_default) in [
        (200, true, true),
        (201, false, false),
        (203, true, true),
        (204, true, true),
        (206, false, false),
        (300, true, true),
        (301, true, true),
        (302, true, false),
        (303, false, false),
        (304, false, false),
        (307, true, false),
        (308, true, true),
        (400, false, false),
        (401, false, false),
        (403, false, false),
        (404, true, true),
        (405, true, true),
        (410, true, true),
        (414, true, true),
        (429, false, false),
        (500, false, false),
        (501, true, true),
        (502, false, false),
        (503, false, false),
        (504, false, false),
    ] {
        let mut http = Http::new();
        assert_eq!(is_kept(&mut http, status(code, minute(""))), told, "{code}");
        let layer = HttpCacheLayer::new(1 << 20).default_ttl(SECOND);
        let mut http = Http::of(layer);
        assert_eq!(
            is_kept(&mut http, status(code, plain(""))),
            by_default,
            "{code}"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn cookies_are_for_one_caller() {
    let mut http = Http::new();
    let res = minute("text").with("set-cookie", "a=b");
    assert!(!is_kept(&mut http, res));
    let res = plain("text").with("cache-control", "public, s-maxage=60");
    assert!(!is_kept(&mut http, res.with("set-cookie", "a=b")));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_a_response_varies_by_must_be_in_the_key() {
    for (vary, kept) in [
        ("accept-encoding", true),
        ("Accept-Encoding, Host", true),
        (" , accept-encoding,", true),
        ("accept-encoding, cookie", false),
        ("accept", false),
        ("*", false),
        ("accept-encoding, *", false),
    ] {
        let mut http = Http::new();
        let res = minute("text").with("vary", vary);
        assert_eq!(is_kept(&mut http, res), kept, "{vary}");
    }
    let mut http = Http::new();
    let res = minute("text").with("vary", "accept-encoding");
    assert!(!is_kept(&mut http, res.with("vary", "cookie")));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_that_joined_share_only_what_may_be_kept() {
    let mut http = Http::new();
    let [mut leader, mut joined] = [(); 2].map(|()| http.begin(get("/a")));
    http.sent().await.1.send_response(minute("shared"));
    let first = tokio_test::assert_ready!(leader.poll()).unwrap();
    let second = tokio_test::assert_ready!(joined.poll()).unwrap();
    assert_eq!(first.headers()["cache-status"], kept("miss"));
    let collapsed = "default; fwd=miss; collapsed; fwd-status=200";
    assert_eq!(second.headers()["cache-status"], collapsed);
    assert_eq!(crate::support::text(second).await, "shared");
    for res in [
        plain("mine").with("cache-control", "private, max-age=60"),
        minute("mine").with("set-cookie", "a=b"),
        minute("mine").with("vary", "cookie"),
        plain("mine"),
    ] {
        http.handle.clear();
        let mut calls = [(); 3].map(|()| http.begin(get("/a")));
        http.sent().await.1.send_response(res);
        tokio_test::assert_ready!(calls[0].poll()).unwrap();
        // All the others call, and at once.
        for call in &mut calls[1..] {
            tokio_test::assert_pending!(call.poll());
        }
        let answers = [http.sent().await, http.sent().await];
        assert_eq!(answers.map(|(req, _)| req.uri().path() == "/a"), [true; 2]);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nobody_waits_where_the_last_response_was_for_its_caller_alone() {
    let mut http = Http::new();
    http.miss(get("/a"), plain("mine"));
    let mut calls = [(); 2].map(|()| http.begin(get("/a")));
    for _ in 0..2 {
        http.sent().await.1.send_response(minute("shared"));
    }
    for call in &mut calls {
        let res = tokio_test::assert_ready!(call.poll()).unwrap();
        assert_eq!(res.headers()["cache-status"], forwarded("bypass"));
    }
    // Those may be kept, so the next one is.
    let res = http.miss(get("/a"), minute("shared"));
    assert_eq!(res.headers()["cache-status"], kept("miss"));
    http.hit(get("/a"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_is_stored_is_given_whatever_the_last_response_was() {
    let mut http = Http::new();
    http.miss(get("/a"), plain("mine"));
    let new = get("/a").with("cache-control", "no-cache");
    http.miss(new, minute("shared"));
    http.hit(get("/a"));
    tokio::time::advance(SECOND * 60).await;
    let res = http.miss(get("/a"), minute("shared"));
    assert_eq!(res.headers()["cache-status"], kept("miss"));
    let absent = get("/b").with("cache-control", "only-if-cached");
    http.miss(get("/b"), plain("mine"));
    assert_eq!(http.hit(absent).status(), 504);
}
