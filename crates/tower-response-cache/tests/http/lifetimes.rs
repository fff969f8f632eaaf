//! How long a response is fresh, and how old it is.

use std::time::{Duration, SystemTime};

use crate::support::{Http, MILLISECOND, SECOND, Told, With, get, minute, plain, value};
use httpdate::fmt_http_date;
use tokio::time::advance;
use tower_response_cache::HttpCacheLayer;

/// Asserts that `res` is fresh for `seconds` and not longer.
async fn assert_fresh_for(what: &str, res: impl Fn() -> Told, seconds: u64) {
    let time = SECOND * u32::try_from(seconds).unwrap();
    for (age, fresh) in [(time - MILLISECOND, true), (time, false)] {
        let mut http = Http::new();
        http.miss(get("/a"), res());
        advance(age).await;
        let stored = http.stored(get("/a")).is_some();
        assert_eq!(stored, fresh, "{what} after {age:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn directives_set_the_lifetime_to_the_millisecond() {
    for (directives, seconds) in [
        ("max-age=60", 60),
        ("max-age=60, s-maxage=30", 30),
        ("s-maxage=90, max-age=60", 90),
        // The largest time that is told apart: 2^31 seconds.
        ("max-age=99999999999999999999999", 1 << 31),
    ] {
        let res = || plain("").with("cache-control", directives);
        assert_fresh_for(directives, res, seconds).await;
    }
}

/// A date, `seconds` from a moment in the past that has no other meaning.
fn date(seconds: u64) -> String {
    fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds))
}

/// A date far enough in the future that no clock says the response is old.
fn future(seconds: u64) -> String {
    fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000_000 + seconds))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn expires_counts_from_the_date_of_the_response() {
    let both = |expires: u64| {
        plain("")
            .with("date", &future(0))
            .with("expires", &future(expires))
    };
    assert_fresh_for("expires", || both(60), 60).await;
    let older = || both(60).with("cache-control", "max-age=30");
    assert_fresh_for("max-age before expires", older, 30).await;
    // Three forms of a date: RFC 9110, section 5.6.7.
    for expires in [
        "Sat, 20 Nov 2286 17:47:40 GMT",
        "Wednesday, 20-Nov-69 17:47:40 GMT",
        "Sat Nov 20 17:47:40 2286",
    ] {
        let mut http = Http::new();
        http.miss(get("/a"), plain("").with("expires", expires));
        assert!(http.stored(get("/a")).is_some(), "{expires}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn response_that_expired_or_whose_expiry_cannot_be_read_is_not_kept() {
    for expires in ["0", "-1", "soon", "", &date(0), &future(0)] {
        let mut http = Http::new();
        let res = plain("").with("date", &future(0)).with("expires", expires);
        http.miss(get("/a"), res);
        assert!(http.stored(get("/a")).is_none(), "{expires}");
    }
    let mut http = Http::new();
    let twice = plain("").with("expires", &future(60));
    http.miss(get("/a"), twice.with("expires", &future(90)));
    assert!(http.stored(get("/a")).is_none(), "two dates");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn age_before_the_cache_counts() {
    for (age, seconds) in [
        ("20", 40),
        (" 20, 30", 40),
        ("x", 60),
        ("-5", 60),
        ("+5", 60),
        ("", 60),
    ] {
        assert_fresh_for(age, || minute("").with("age", age), seconds).await;
    }
    // However large a number is, it is one: RFC 9111, section 1.2.2.
    for age in ["60", "61", "4294967296", "99999999999999999999"] {
        let mut http = Http::new();
        http.miss(get("/a"), minute("").with("age", age));
        assert!(http.stored(get("/a")).is_none(), "{age}");
    }
    // By its date it is years old.
    let mut http = Http::new();
    http.miss(get("/a"), minute("").with("date", &date(0)));
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn time_on_the_way_counts() {
    let mut http = Http::new();
    let mut call = http.begin(get("/a"));
    let (_, respond) = http.sent().await;
    advance(SECOND * 25).await;
    respond.send_response(minute("").with("age", "5"));
    let first = tokio_test::assert_ready!(call.poll()).unwrap();
    assert_eq!(value(&first, "age"), "5");
    assert_eq!(value(&http.hit(get("/a")), "age"), "30");
    advance(SECOND * 30 - MILLISECOND).await;
    assert_eq!(value(&http.hit(get("/a")), "age"), "59");
    advance(MILLISECOND).await;
    assert!(http.stored(get("/a")).is_none());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn age_is_told_in_whole_seconds() {
    let mut http = Http::new();
    http.miss(get("/a"), minute(""));
    for (wait, age) in [(0, "0"), (1_999, "1"), (1, "2"), (57_000, "59")] {
        advance(Duration::from_millis(wait)).await;
        assert_eq!(value(&http.hit(get("/a")), "age"), age);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn default_lifetime_is_for_responses_that_say_nothing() {
    for (res, kept) in [
        (plain(""), true),
        (plain("").with("cache-control", "public"), true),
        (plain("").with("cache-control", "max-age=0"), false),
        (plain("").with("cache-control", "no-cache"), false),
        (plain("").with("expires", "0"), false),
    ] {
        let mut http = Http::of(HttpCacheLayer::new(1 << 20).default_ttl(SECOND));
        let said = format!("{:?}", res.headers());
        http.miss(get("/a"), res);
        advance(SECOND - MILLISECOND).await;
        assert_eq!(http.stored(get("/a")).is_some(), kept, "{said}");
        advance(MILLISECOND).await;
        assert!(http.stored(get("/a")).is_none(), "{said}");
    }
}
