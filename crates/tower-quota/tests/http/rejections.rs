//! What callers without quota get.

use std::time::Duration;

use crate::support::{KEY, Req, SECOND, field, from, server, text};
use tower_quota::{Ask, HttpKey, HttpQuotaLayer, Limit, RateLimitFields};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn rejection_is_a_429_that_says_when_to_come_again() {
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(2), KEY);
    let mut server = server(&layer);
    assert_eq!(server(from(b"secret")).status(), 200);
    tokio::time::advance(Duration::from_millis(20_500)).await;
    assert_eq!(server(from(b"secret")).status(), 200);
    let res = server(from(b"secret"));
    assert_eq!(res.status(), 429);
    assert_eq!(
        field(&res, "content-type"),
        Some("application/problem+json")
    );
    assert_eq!(field(&res, "retry-after"), Some("40"));
    assert_eq!(
        field(&res, "ratelimit-policy"),
        Some("\"calls-per-minute\";q=2;w=60")
    );
    assert_eq!(
        field(&res, "ratelimit"),
        Some("\"calls-per-minute\";r=0;t=40")
    );
    assert_eq!(
        text(res),
        "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",\
         \"title\":\"Quota Exceeded\",\"status\":429,\
         \"detail\":\"Too many requests; try again in 40 s.\",\
         \"violated-policies\":[\"calls-per-minute\"]}"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_follows_retry_after_is_let_in() {
    let layer = HttpQuotaLayer::by_header(Limit::calls(3, Duration::from_millis(2_700)), KEY);
    let mut server = server(&layer);
    for _ in 0..50 {
        let res = server(from(b"a"));
        if res.status() == 429 {
            let wait = field(&res, "retry-after").unwrap().parse().unwrap();
            tokio::time::advance(SECOND * wait).await;
            assert_eq!(server(from(b"a")).status(), 200);
        }
        tokio::time::advance(Duration::from_millis(137)).await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_that_never_fits_is_not_told_to_come_again() {
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(0), KEY);
    let res = server(&layer)(from(b"a"));
    assert_eq!(
        (res.status().as_u16(), field(&res, "retry-after")),
        (429, None)
    );
    assert_eq!(
        field(&res, "ratelimit-policy"),
        Some("\"calls-per-minute\";q=0;w=60")
    );
    assert!(text(res).contains("to wait does not help"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn quota_that_is_closed_is_a_503_that_says_so() {
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(2), KEY);
    let mut server = server(&layer);
    assert_eq!(server(from(b"a")).status(), 200);
    layer.handle().close();
    for caller in [b"a", b"b"] {
        let res = server(from(caller));
        assert_eq!(res.status(), 503);
        let wait = field(&res, "retry-after").unwrap().parse::<u64>().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(text(res).contains("\"status\":503"));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn rejection_says_no_more_than_asked_for() {
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(1), KEY)
        .rate_limit_fields(RateLimitFields::Never);
    let mut server = server(&layer);
    server(from(b"a"));
    let res = server(from(b"a"));
    assert_eq!(field(&res, "retry-after"), Some("60"));
    assert_eq!(field(&res, "ratelimit"), None);
    assert!(!text(res).contains("policies"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn cost_may_be_more_than_a_call() {
    use tower::{Layer, Service, service_fn};
    let limits = [Limit::calls_per_minute(10), Limit::tokens_per_minute(100)];
    let cost = |req: &Req| Ask::new(HttpKey::EVERYBODY).tokens(req.uri().path().len() as u64);
    let handler =
        |_: Req| async { Ok::<_, std::convert::Infallible>(crate::support::Res::default()) };
    let mut service = HttpQuotaLayer::new(limits, cost).layer(service_fn(handler));
    let mut ask = async |length: usize| {
        let req = http::Request::get("/".repeat(length)).body(crate::support::Body::default());
        service.call(req.unwrap()).await.unwrap()
    };
    assert_eq!(ask(60).await.status(), 200);
    let res = ask(60).await;
    assert_eq!(
        (res.status().as_u16(), field(&res, "retry-after")),
        (429, Some("60"))
    );
    // The draft has no unit for tokens; of calls there are some left.
    assert_eq!(
        field(&res, "ratelimit"),
        Some("\"calls-per-minute\";r=9;t=60")
    );
    assert_eq!(ask(40).await.status(), 200);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn handlers_own_429_is_an_answer_like_others() {
    use tower::{Layer, Service, service_fn};
    let handler = |_: Req| async {
        let res = http::Response::builder()
            .status(429)
            .header("retry-after", "30");
        Ok::<_, std::convert::Infallible>(res.body(crate::support::Body::default()).unwrap())
    };
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(2), KEY);
    let mut service = layer.layer(service_fn(handler));
    for (left, hint) in [("r=1", "30"), ("r=0", "30"), ("r=0", "60")] {
        let res = service.call(from(b"a")).await.unwrap();
        let told = field(&res, "ratelimit").unwrap();
        assert!(told.contains(left), "{told}");
        assert_eq!(field(&res, "retry-after"), Some(hint));
    }
    let used = layer.handle().snapshot(&HttpKey::secret("a")).unwrap();
    assert_eq!(used.throttled, 0);
}
