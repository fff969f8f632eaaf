//! What makes a stored answer outdated.

use crate::support::{Http, With, get, minute, plain, request, status, text};
use tokio_test::assert_ready;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn unsafe_request_that_succeeds_invalidates_its_target() {
    for (method, code, invalidates) in [
        ("POST", 200, true),
        ("PUT", 201, true),
        ("DELETE", 204, true),
        ("PATCH", 200, true),
        ("POST", 303, true),
        ("UNKNOWN", 200, true),
        ("POST", 400, false),
        ("POST", 412, false),
        ("POST", 500, false),
        ("OPTIONS", 200, false),
        ("TRACE", 200, false),
    ] {
        let mut http = Http::new();
        http.miss(request("HEAD", "/a"), minute(""));
        http.miss(get("/a"), minute("get"));
        http.miss(get("/a").with("accept-encoding", "br"), minute("br"));
        http.miss(request(method, "/a"), status(code, plain("done")));
        for req in [
            get("/a"),
            get("/a").with("accept-encoding", "br"),
            request("HEAD", "/a"),
        ] {
            let stored = http.stored(req).is_some();
            assert_eq!(stored, !invalidates, "{method} {code}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_the_response_says_it_changed_is_invalidated_in_the_same_origin() {
    for (field, named, invalidates) in [
        ("location", "/a/b", true),
        ("content-location", "b", true),
        ("location", "http://one/a/b#part", true),
        ("location", "http://two/a/b", false),
        ("location", "ftp://one/a/b", false),
        ("location", "/a/c", false),
        ("link", "/a/b", false),
    ] {
        for (code, succeeds) in [(201, true), (302, true), (404, false)] {
            let mut http = Http::new();
            let asked = || get("/a/b").with("host", "one");
            http.miss(asked(), minute("text"));
            let post = request("POST", "/a/").with("host", "one");
            http.miss(post, status(code, plain("done")).with(field, named));
            let stored = http.stored(asked()).is_some();
            assert_eq!(
                stored,
                !(invalidates && succeeds),
                "{field}: {named} {code}"
            );
        }
    }
    // A client knows the scheme.
    let mut http = Http::new();
    http.miss(get("http://one/b"), minute("text"));
    let other = plain("done").with("location", "https://one/b");
    http.miss(request("POST", "http://one/a"), other);
    http.hit(get("http://one/b"));
    let same = plain("done").with("location", "http://one/b");
    http.miss(request("POST", "http://one/a"), same);
    assert!(http.stored(get("http://one/b")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn other_targets_stay() {
    let mut http = Http::new();
    // Nine targets in ten are enough: some share a count with the one that is invalidated.
    let others: Vec<_> = (0..100).map(|n| format!("/{n}")).collect();
    for uri in &others {
        http.miss(get(uri), minute("text"));
    }
    http.miss(request("POST", "/a"), plain("done"));
    let stored = others.iter().filter(|uri| http.stored(get(uri)).is_some());
    assert!(stored.count() >= 90);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn target_of_a_server_is_told_by_host_and_path() {
    let mut http = Http::new();
    http.miss(get("/a").with("host", "one"), minute("one"));
    http.miss(get("http://one/a"), minute("one"));
    http.miss(request("POST", "/a").with("host", "One"), plain("done"));
    assert!(http.stored(get("/a").with("host", "one")).is_none());
    assert!(http.stored(get("http://one/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_that_was_under_way_is_not_joined_and_not_kept() {
    let mut http = Http::new();
    let mut early = http.begin(get("/a"));
    let (_, respond) = http.sent().await;
    http.miss(request("POST", "/a"), plain("done"));
    let mut late = http.begin(get("/a"));
    respond.send_response(minute("old"));
    assert_eq!(text(assert_ready!(early.poll()).unwrap()).await, "old");
    http.sent().await.1.send_response(minute("new"));
    assert_eq!(text(assert_ready!(late.poll()).unwrap()).await, "new");
    assert_eq!(text(http.hit(get("/a"))).await, "new");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn handle_invalidates_a_target_and_all() {
    let mut http = Http::new();
    http.miss(get("/a").with("host", "one"), minute("text"));
    http.handle.invalidate(&"http://one/a".parse().unwrap());
    assert!(http.stored(get("/a").with("host", "one")).is_none());
    http.miss(get("/a?b").with("host", "one"), minute("text"));
    http.miss(get("https://two:8443/a?b"), minute("text"));
    http.handle.invalidate(&"http://three/a?b".parse().unwrap());
    http.hit(get("https://two:8443/a?b"));
    // A path alone is that of every authority.
    http.handle.invalidate(&"/a?b".parse().unwrap());
    assert!(http.stored(get("/a?b").with("host", "one")).is_none());
    assert!(http.stored(get("https://two:8443/a?b")).is_none());
    http.miss(get("/a"), minute("text"));
    http.handle.clear();
    assert!(http.stored(get("/a")).is_none());
    assert_eq!(http.handle.snapshot().store.entries, 0);
}
