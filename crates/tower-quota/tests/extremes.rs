//! The least and the most that limits and calls can be.

mod support;

use std::time::Duration;

use support::{HOUR, SECOND, layer, rejected, service, soon, tokens, tokens_an_hour};
use tokio::time::{Instant, advance};
use tokio_test::{assert_pending, task};
use tower::{BoxError, Layer, Service as _, ServiceExt, service_fn};
use tower_quota::{Cause, Limit, Limits};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn answering(
    layer: &support::Layered,
    answer: &'static str,
) -> impl tower::Service<support::Request, Response = &'static str, Error = BoxError> + Clone + use<>
{
    layer.layer(service_fn(move |_: support::Request| async move {
        Ok::<_, BoxError>(answer)
    }))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_limit_of_nothing_rejects_at_once_whatever_a_call_asks_for() {
    for (limit, name) in [
        (Limit::calls_per_minute(0), "calls per 60s"),
        (Limit::tokens_per_minute(0), "tokens per 60s"),
        (Limit::tokens_per_day(0), "tokens per 86400s"),
        (Limit::tokens_per_minute(0).window(), "tokens per 60s"),
        (Limit::tokens_per_minute(0).burst(0), "tokens per 60s"),
    ] {
        for asked in [0, 1, u64::MAX] {
            let (service, _handle) = service(&layer(limit.clone()));
            let start = Instant::now();
            let error = rejected(soon(service.oneshot(tokens(asked))).await);
            assert_eq!(start.elapsed(), Duration::ZERO);
            assert_eq!(error.retry_after(), None);
            assert!(matches!(error.cause(), Cause::TooLarge { .. }));
            let told = error.to_string();
            assert!(told.ends_with(&format!(" of 0 {name}")), "{told}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_limit_of_nothing_among_others_rejects_too() {
    let layer = layer([Limit::calls_per_minute(60), Limit::tokens_per_minute(0)]);
    for asked in [0, 1] {
        let (service, _handle) = service(&layer);
        let error = rejected(soon(service.oneshot(tokens(asked))).await);
        let Cause::TooLarge { amount, limit } = error.cause() else {
            panic!("{error}");
        };
        assert_eq!((*amount, limit.amount()), (asked, 0));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_largest_limits_hold_nobody_back() {
    for limits in [
        Limits::from(Limit::calls_per_minute(u64::MAX)),
        Limits::from(Limit::tokens_per_minute(u64::MAX)),
        Limits::from(Limit::tokens_per_minute(u64::MAX).window()),
        Limits::from(Limit::tokens_per_minute(u64::MAX).burst(u64::MAX)),
        Limits::from(Limit::tokens_per_day(u64::MAX)),
        Limits::from(Limit::tokens(u64::MAX, Duration::MAX)),
        Limits::from(Limit::tokens(u64::MAX, Duration::from_nanos(1))),
        Limits::from([
            Limit::calls_per_minute(u64::MAX),
            Limit::tokens_per_minute(u64::MAX),
        ]),
    ] {
        let layer = layer(limits.clone());
        let service = answering(&layer, "used 1000");
        let start = Instant::now();
        for _ in 0..1000 {
            let call = soon(service.clone().oneshot(tokens(64_000)));
            call.await.expect("no rejection");
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "{limits:?}");
        let usage = layer.handle().snapshot(&"").expect("it was used");
        assert!(usage.limits[0].headroom > u64::MAX / 2, "{limits:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_call_a_day_goes_once_a_day() {
    let layer = layer(Limit::calls(1, DAY).margin(Duration::ZERO));
    let service = answering(&layer, "fine");
    let start = Instant::now();
    for day in 0..3 {
        soon(service.clone().oneshot(tokens(u64::MAX)))
            .await
            .expect("no rejection");
        assert_eq!(start.elapsed(), DAY * day);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_period_of_the_longest_time_admits_its_amount_and_then_nothing() {
    let layer = layer(Limit::calls(2, Duration::MAX).margin(Duration::MAX));
    let (mut service, _handle) = service(&layer);
    let mut calls = [0, 0, 0].map(|n| task::spawn(service.call(tokens(n))));
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    advance(1000 * DAY).await;
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!((usage.limits[0].used, usage.queued), (2, 1));
}

#[test]
fn a_period_of_no_time_is_refused_with_words() {
    for make in [Limit::calls, Limit::tokens] {
        let error = std::panic::catch_unwind(|| make(1, Duration::ZERO)).expect_err("it panics");
        assert_eq!(error.downcast_ref(), Some(&"a period lasts some time"));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_largest_call_is_rejected_where_less_is_told() {
    let (service, _handle) = service(&layer(Limit::tokens_per_minute(u64::MAX - 1)));
    let error = rejected(soon(service.oneshot(tokens(u64::MAX))).await);
    assert!(matches!(
        error.cause(),
        Cause::TooLarge {
            amount: u64::MAX,
            ..
        }
    ));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_largest_calls_go_where_nothing_is_told_or_the_most() {
    for answer in ["fine", "used 0", "used 1000", "used 18446744073709551615"] {
        let layer = layer(Limits::unknown());
        let service = answering(&layer, answer);
        let start = Instant::now();
        for _ in 0..100 {
            soon(service.clone().oneshot(tokens(u64::MAX)))
                .await
                .expect("no rejection");
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "{answer}");
    }
    for answer in ["fine", "used 18446744073709551615"] {
        let layer = layer(Limit::tokens_per_minute(u64::MAX).window());
        let service = answering(&layer, answer);
        let start = Instant::now();
        for minute in 0..3 {
            soon(service.clone().oneshot(tokens(u64::MAX)))
                .await
                .expect("no rejection");
            let minutes = start.elapsed().as_secs_f64() / 60.0;
            assert!(
                (minutes - f64::from(minute)).abs() < 0.1,
                "{answer}: {minutes}"
            );
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_largest_debt_is_no_panic_and_delays_who_comes_next() {
    let layer = layer(Limit::tokens_per_minute(60_000));
    let service = answering(&layer, "used 18446744073709551615");
    for n in [0, 1000] {
        let mut call = task::spawn(service.clone().oneshot(tokens(n)));
        let ready = call.poll().is_ready();
        assert_eq!(ready, n == 0);
    }
    advance(DAY).await;
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!(usage.queued, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nothing_turns_those_who_wait_away_and_a_limit_again_lets_calls_go() {
    let layer = layer(tokens_an_hour(100));
    let handle = layer.handle();
    let (mut service, mut inner) = service(&layer);
    let mut calls = [100, 1, 0, 60].map(|n| task::spawn(service.call(tokens(n))));
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    let (sent, _answer) = inner.next_request().await.expect("the first goes");
    assert_eq!(sent.tokens, 100);
    handle.set_limits(&"", tokens_an_hour(0));
    let [first, rest @ ..] = calls;
    for (call, asked) in rest.into_iter().zip([1, 0, 60]) {
        assert!(call.is_woken(), "{asked}");
        let error = rejected(soon(call).await);
        assert!(matches!(error.cause(), Cause::TooLarge { amount, .. } if *amount == asked));
        assert_eq!(error.retry_after(), None);
    }
    let error = rejected(soon(service.call(tokens(0))).await);
    assert!(matches!(error.cause(), Cause::TooLarge { .. }));
    // What is under way goes on, and still counts.
    assert!(!first.is_woken());
    handle.set_limits(&"", tokens_an_hour(150));
    let mut fits = task::spawn(service.call(tokens(50)));
    let mut waits = task::spawn(service.call(tokens(50)));
    assert_pending!(fits.poll());
    assert_pending!(waits.poll());
    let (sent, _answer) = inner.next_request().await.expect("what is left goes");
    assert_eq!(sent.tokens, 50);
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!((usage.limits[0].used, usage.queued), (150, 1));
    advance(HOUR + SECOND).await;
    assert!(waits.is_woken());
}
