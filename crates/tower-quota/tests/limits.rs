//! What is learned of limits, is shown, and can be told.

mod support;

use std::time::Duration;

use support::{HOUR, Request, SECOND, layer, one_an_hour, rejected, service, soon, tokens};
use tokio_test::{assert_pending, task};
use tower::{BoxError, Layer, Service as _, ServiceExt, service_fn};
use tower_quota::{
    Ask, Cause, Cost, Limit, LimitSnapshot, Limits, MeterKind, QuotaLayer, Reservation, Settle,
};

fn shown(layer: &support::Layered) -> LimitSnapshot {
    let usage = layer.handle().snapshot(&"").expect("it was used");
    usage.limits[0].clone()
}

/// So many calls of a thousand tokens, each as soon as the one before has its answer.
async fn calls(layer: &support::Layered, count: usize) -> Duration {
    let service = layer.layer(service_fn(|_: Request| async {
        Ok::<_, BoxError>("used 1000")
    }));
    let start = tokio::time::Instant::now();
    for _ in 0..count {
        let call = soon(service.clone().oneshot(tokens(1000)));
        call.await.expect("no rejection");
    }
    start.elapsed()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_a_bucket_holds_is_learned_and_shown() {
    let layer = layer(Limit::tokens_per_minute(60_000));
    calls(&layer, 1).await;
    let before = shown(&layer);
    assert_eq!(before.meter, MeterKind::Unsure);
    assert_eq!((before.burst_at_least, before.burst_below), (1000, None));
    assert!(before.sureness() < 0.02 && before.share > 0.99);
    assert!(calls(&layer, 30).await < 5 * SECOND);
    assert!(shown(&layer).burst_at_least > 25_000);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_burst_told_goes_at_once() {
    let layer = layer(Limit::tokens_per_minute(60_000).burst(31_000));
    assert_eq!(calls(&layer, 30).await, Duration::ZERO);
    assert_eq!(shown(&layer).burst_at_least, 31_000);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_window_told_goes_at_once_and_nothing_more() {
    let layer = layer(Limit::tokens_per_minute(60_000).window());
    assert_eq!(calls(&layer, 60).await, Duration::ZERO);
    assert_eq!(shown(&layer).meter, MeterKind::Window);
    assert!((shown(&layer).sureness() - 1.0).abs() < f64::EPSILON);
    let service = layer.layer(service_fn(|_: Request| async { Ok::<_, BoxError>("fine") }));
    assert_pending!(task::spawn(service.oneshot(tokens(30_000))).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn nothing_is_shown_of_an_amount_that_nobody_told_before_the_first_throttle() {
    let layer = layer(Limits::unknown());
    assert_eq!(calls(&layer, 100).await, Duration::ZERO);
    assert_eq!(
        (shown(&layer).amount, shown(&layer).headroom),
        (None, u64::MAX)
    );
    assert!(shown(&layer).utilisation() < f64::EPSILON);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn more_lets_those_who_wait_go_at_once() {
    let layer = one_an_hour();
    let handle = layer.handle();
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = (0..4)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    handle.set_limits(&"", Limit::calls(3, HOUR));
    let woken: Vec<_> = calls.iter().map(task::Spawn::is_woken).collect();
    assert_eq!(woken, [false, true, true, false]);
    // What is used stays used.
    assert_eq!((shown(&layer).used, shown(&layer).headroom), (3, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn less_turns_those_away_who_would_never_go_or_wait_too_long() {
    let layer = layer(Limit::tokens(100, HOUR)).max_wait(HOUR * 5 / 2);
    let handle = layer.handle();
    let (mut service, _handle) = service(&layer);
    let mut calls = [100, 60, 10, 40, 40].map(|n| task::spawn(service.call(tokens(n))));
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    handle.set_all_limits(|_: &&'static str| Limit::tokens(40, HOUR).into());
    let [_, large, small, next, late] = calls;
    assert!(large.is_woken() && !small.is_woken() && !next.is_woken());
    let error = rejected(large.await);
    assert!(matches!(error.cause(), Cause::TooLarge { amount: 60, .. }));
    assert!(late.is_woken());
    assert_eq!(*rejected(late.await).cause(), Cause::MaxWait);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn limits_hold_for_keys_to_come() {
    let layer = one_an_hour();
    let handle = layer.handle();
    let (mut service, _handle) = service(&layer);
    let mut ask = |key, n| {
        let mut call = task::spawn(service.call(Request { key, ..tokens(n) }));
        assert_pending!(call.poll());
        drop(call);
        let usage = layer.handle().snapshot(&key).expect("it was used");
        usage.limits[0].limit.amount()
    };
    handle.set_limits(&"its own", Limit::calls(7, HOUR));
    assert_eq!(ask("its own", 0), 7);
    handle.set_all_limits(Limit::calls(5, HOUR));
    assert_eq!(ask("new", 0), 5);
    assert_eq!(ask("its own", 0), 5);
}

/// Streams: the reservation comes with the answer.
#[derive(Clone)]
struct Streams;

impl Cost<u64, Option<Reservation>, BoxError> for Streams {
    type Key = u8;
    type Context = ();

    fn ask(&self, tokens: &u64) -> (Ask<u8>, ()) {
        (Ask::new(0).tokens(*tokens), ())
    }

    fn settle(&self, (): &(), _: &mut Result<Option<Reservation>, BoxError>) -> Settle {
        Settle::Later
    }

    fn later(
        &self,
        (): (),
        result: &mut Result<Option<Reservation>, BoxError>,
        reservation: Reservation,
    ) {
        if let Ok(place) = result {
            *place = Some(reservation);
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_first_event_of_a_stream_is_news_for_whoever_waits() {
    let layer = QuotaLayer::new(Limit::tokens_per_minute(60_000), Streams);
    let service = layer.layer(service_fn(|_: u64| async { Ok::<_, BoxError>(None) }));
    // Ten seconds' worth, of which nobody knows whether the server holds them.
    let mut first = soon(service.clone().oneshot(10_000)).await.unwrap();
    tokio::time::advance(SECOND / 20).await;
    let _trial = soon(service.clone().oneshot(10_000)).await.unwrap();
    tokio::time::advance(SECOND / 20).await;
    let mut next = task::spawn(service.clone().oneshot(10_000));
    assert_pending!(next.poll());
    let reservation = first.as_mut().expect("the reservation came");
    reservation.confirmed();
    reservation.confirmed();
    assert!(next.is_woken());
    assert!(next.poll().is_ready());
}

/// Leaves each call to be settled later, and nobody does.
#[derive(Clone)]
struct Unsettled;

impl Cost<Request, &'static str, BoxError> for Unsettled {
    type Key = &'static str;
    type Context = ();

    fn ask(&self, request: &Request) -> (Ask<&'static str>, ()) {
        (Ask::new(request.key), ())
    }

    fn settle(&self, (): &(), _: &mut Result<&'static str, BoxError>) -> Settle {
        Settle::Later
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_answer_that_is_settled_later_has_been_admitted() {
    let layer = QuotaLayer::new(Limits::unknown(), Unsettled);
    let service = layer.layer(service_fn(async |_: Request| {
        tokio::time::sleep(SECOND / 10).await;
        Ok::<_, BoxError>("fine")
    }));
    let start = tokio::time::Instant::now();
    let calls = (0..1000).map(|_| service.clone().oneshot(tokens(0)));
    for answer in futures_util::future::join_all(calls).await {
        answer.expect("no rejection");
    }
    // Of a server that limits nothing nobody waits long: each answer lets more go.
    let took = start.elapsed();
    assert!(took < 5 * SECOND, "{took:?}");
}
