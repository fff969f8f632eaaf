//! What every answer tells: draft-ietf-httpapi-ratelimit-headers-11.

use std::convert::Infallible;
use std::time::Duration;

use crate::support::{Body, KEY, Req, Res, SECOND, field, from, server, text};
use tower::{Layer, Service, service_fn};
use tower_quota::{HttpCost, HttpQuotaLayer, Limit, QuotaLayer, RateLimitFields};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_tells_the_limits_and_what_is_left() {
    let limits = [
        Limit::calls_per_minute(10),
        Limit::calls(1_000, 3_600 * SECOND),
    ];
    let mut server = server(&HttpQuotaLayer::by_header(limits, KEY));
    let res = server(from(b"a"));
    let policy = "\"calls-per-minute\";q=10;w=60, \"calls-per-hour\";q=1000;w=3600";
    assert_eq!(field(&res, "ratelimit-policy"), Some(policy));
    let left = "\"calls-per-minute\";r=9;t=60, \"calls-per-hour\";r=999;t=3600";
    assert_eq!(field(&res, "ratelimit"), Some(left));
    tokio::time::advance(30 * SECOND).await;
    let left = "\"calls-per-minute\";r=8;t=30, \"calls-per-hour\";r=998;t=3570";
    assert_eq!(field(&server(from(b"a")), "ratelimit"), Some(left));
    tokio::time::advance(30 * SECOND).await;
    // One came back, and one is under way.
    let left = "\"calls-per-minute\";r=8;t=30, \"calls-per-hour\";r=997;t=3540";
    assert_eq!(field(&server(from(b"a")), "ratelimit"), Some(left));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_left_is_what_goes() {
    let mut server = server(&HttpQuotaLayer::by_header(Limit::calls(7, 9 * SECOND), KEY));
    for _ in 0..40 {
        let res = server(from(b"a"));
        let told = field(&res, "ratelimit").unwrap();
        let left = told.strip_prefix("\"calls-per-9s\";r=").unwrap();
        let left: u32 = left.split(';').next().unwrap().parse().unwrap();
        for _ in 0..left {
            assert_eq!(server(from(b"a")).status(), 200);
        }
        assert_eq!(server(from(b"a")).status(), 429);
        tokio::time::advance(Duration::from_millis(3_170)).await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn fields_may_be_for_rejections_alone() {
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(1), KEY)
        .rate_limit_fields(RateLimitFields::Rejections);
    let mut server = server(&layer);
    assert_eq!(field(&server(from(b"a")), "ratelimit"), None);
    assert_eq!(
        field(&server(from(b"a")), "ratelimit"),
        Some("\"calls-per-minute\";r=0;t=60")
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn period_that_is_no_whole_seconds_has_no_window() {
    let limit = Limit::calls(5, Duration::from_millis(1_500));
    let res = server(&HttpQuotaLayer::by_header(limit, KEY))(from(b"a"));
    assert_eq!(
        field(&res, "ratelimit-policy"),
        Some("\"calls-per-1500ms\";q=5")
    );
    assert_eq!(
        field(&res, "ratelimit"),
        Some("\"calls-per-1500ms\";r=4;t=2")
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn period_is_named_in_the_largest_unit_it_is_a_whole_number_of() {
    for (nanos, policy) in [
        (1, "\"calls-per-1ns\";q=5"),
        (2_500, "\"calls-per-2500ns\";q=5"),
        (7_000, "\"calls-per-7us\";q=5"),
        (1_000_000, "\"calls-per-1ms\";q=5"),
        (1_000_000_001, "\"calls-per-1000000001ns\";q=5"),
        (2_000_000_000, "\"calls-per-2s\";q=5;w=2"),
    ] {
        let limit = Limit::calls(5, Duration::from_nanos(nanos));
        let res = server(&HttpQuotaLayer::by_header(limit, KEY))(from(b"a"));
        assert_eq!(field(&res, "ratelimit-policy"), Some(policy), "{nanos}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn limits_of_one_period_have_names_of_their_own() {
    let limits = [
        Limit::calls_per_minute(9),
        Limit::calls(3, SECOND),
        Limit::calls_per_minute(1),
        Limit::calls_per_minute(5),
    ];
    let mut server = server(&HttpQuotaLayer::by_header(limits, KEY));
    let res = server(from(b"a"));
    let policy = "\"calls-per-minute\";q=9;w=60, \"calls-per-second\";q=3;w=1, \
                  \"calls-per-minute-2\";q=1;w=60, \"calls-per-minute-3\";q=5;w=60";
    assert_eq!(field(&res, "ratelimit-policy"), Some(policy));
    let res = server(from(b"a"));
    assert_eq!(res.status(), 429);
    let left = field(&res, "ratelimit").unwrap();
    assert!(left.contains("\"calls-per-minute-2\";r=0;t=60"), "{left}");
    let problem = text(res);
    let violated = "\"violated-policies\":[\"calls-per-minute-2\"]";
    assert!(problem.contains(violated), "{problem}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn number_is_no_greater_than_a_structured_field_may_hold() {
    let limit = Limit::calls(u64::MAX, Duration::from_secs(1));
    let res = server(&HttpQuotaLayer::by_header(limit, KEY))(from(b"a"));
    let policy = "\"calls-per-second\";q=999999999999999;w=1";
    assert_eq!(field(&res, "ratelimit-policy"), Some(policy));
    let left = "\"calls-per-second\";r=999999999999999;t=1";
    assert_eq!(field(&res, "ratelimit"), Some(left));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn inner_fields_stay() {
    let handler = service_fn(|_: Req| async {
        let mut res = Res::new(Body::default());
        let value = "\"other\";r=1".parse().unwrap();
        res.headers_mut().insert("ratelimit", value);
        Ok::<_, Infallible>(res)
    });
    let layer = HttpQuotaLayer::by_header(Limit::calls_per_minute(2), KEY);
    let res = layer.layer(handler).call(from(b"a")).await.unwrap();
    let lines: Vec<_> = res.headers().get_all("ratelimit").iter().collect();
    assert_eq!(lines, ["\"other\";r=1", "\"calls-per-minute\";r=1;t=60"]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn amount_that_nobody_told_is_not_told_on() {
    let quota = QuotaLayer::new(
        Limit::calls_per_minute(0).probing(),
        HttpCost::by_header(KEY),
    );
    let res = server(&HttpQuotaLayer::of(quota))(from(b"a"));
    assert_eq!(
        (res.status().as_u16(), field(&res, "ratelimit")),
        (200, None)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn those_who_wait_are_counted_as_gone() {
    let limits = [Limit::calls(1, SECOND), Limit::calls_per_minute(9)];
    let layer = HttpQuotaLayer::by_header(limits, KEY).max_wait(60 * SECOND);
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Req, Res, _>(layer);
    inner.allow(9);
    let mut calls = [(); 3].map(|()| tokio_test::task::spawn(service.call(from(b"a"))));
    for call in &mut calls {
        assert!(call.poll().is_pending());
    }
    let (_, reply) = inner.next_request().await.unwrap();
    reply.send_response(Res::default());
    let res = tokio_test::assert_ready_ok!(calls[0].poll());
    let told = field(&res, "ratelimit").unwrap();
    assert!(told.ends_with("\"calls-per-minute\";r=6;t=60"), "{told}");
}
