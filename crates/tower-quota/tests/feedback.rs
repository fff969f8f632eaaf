//! What throttles do.

mod support;

use support::{
    HOUR, Handle, Request, SECOND, Service, layer, one_an_hour, rejected, service, soon, tokens,
};
use tokio::time::Instant;
use tokio_test::{assert_pending, task};
use tower::{BoxError, Service as _, ServiceExt};
use tower_quota::{Cause, Limit, Limits};

async fn answered(
    service: &Service,
    handle: &mut Handle,
    request: Request,
    answer: &'static str,
) -> Result<&'static str, BoxError> {
    let call = service.clone().oneshot(request);
    let serve = async {
        let (_, send) = handle.next_request().await.expect("the call comes");
        match answer.strip_prefix('!') {
            Some(error) => send.send_error(error),
            None => send.send_response(answer),
        }
    };
    soon(async { tokio::join!(call, serve).0 }).await
}

/// Shows that the server's bucket holds what is told of it, by calls that come to nothing: a throttle
/// before that would be taken for a smaller bucket. In 15 seconds the bucket is full again.
async fn seen(service: &Service, handle: &mut Handle, request: Request, calls: usize) {
    for _ in 0..calls {
        let answer = answered(service, handle, request.clone(), "used 0");
        answer.await.expect("no rejection");
    }
    tokio::time::advance(15 * SECOND).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_throttled_call_costs_nothing_and_leaves_with_a_hint() {
    let layer = layer(Limit::tokens_per_minute(600).burst(100));
    let (service, mut handle) = service(&layer);
    seen(&service, &mut handle, tokens(100), 1).await;
    let error = answered(&service, &mut handle, tokens(10), "!throttled")
        .await
        .unwrap_err();
    // Somebody else uses the quota: after a pause one call is sent to ask.
    assert_eq!(error.to_string(), "throttled, wait 250ms");
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!((usage.limits[0].used, usage.pending_calls), (0, 0));
    assert_eq!((usage.throttled, usage.total_used), (1, 0));
    assert!((usage.share - 0.8).abs() < 0.001, "{}", usage.share);
    assert_eq!(usage.over_reservation(), None);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_share_falls_once_for_calls_under_way_and_comes_back() {
    let layer = layer(Limit::calls_per_minute(600).burst(10));
    let (mut service, mut handle) = service(&layer);
    seen(&service, &mut handle, tokens(0), 10).await;
    let mut calls: Vec<_> = (0..5)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    for call in &mut calls {
        let (_, reply) = handle.next_request().await.expect("the call comes");
        reply.send_error("throttled");
        assert!(call.poll().is_ready());
    }
    let usage = || layer.handle().snapshot(&"").expect("it was used");
    assert_eq!(usage().throttled, 5);
    assert!((usage().share - 0.8).abs() < 0.001, "{}", usage().share);
    let start = Instant::now();
    while usage().share < 1.0 {
        let answer = answered(&service, &mut handle, tokens(0), "fine");
        answer.await.expect("no rejection");
    }
    // By the square of the time, all in a minute: a fifth in not quite 27 seconds.
    assert_eq!(start.elapsed().as_secs(), 26);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_throttle_for_the_day_rejects_such_calls_for_that_time() {
    let layer = one_an_hour().exhausted_for(3 * HOUR);
    let (mut service, mut handle) = service(&layer);
    let mut call = task::spawn(service.call(tokens(0)));
    let mut waiting = task::spawn(service.call(tokens(0)));
    assert_pending!(call.poll());
    assert_pending!(waiting.poll());
    let (_, reply) = handle.next_request().await.expect("the call comes");
    reply.send_error("exhausted");
    assert!(call.poll().is_ready());
    // Who waits is told at once, and so is who comes.
    assert!(waiting.is_woken());
    for error in [
        rejected(waiting.await),
        rejected(soon(service.call(tokens(0))).await),
    ] {
        assert_eq!(*error.cause(), Cause::Exhausted);
        assert_eq!(error.retry_after(), Some(3 * HOUR));
        assert_eq!(
            error.to_string(),
            "quota is used up for long, for calls of this size; retry after 10800s"
        );
    }
    // Other keys go on.
    let other = Request {
        key: "other",
        ..tokens(0)
    };
    assert_eq!(
        answered(&service, &mut handle, other, "fine")
            .await
            .unwrap(),
        "fine"
    );
    tokio::time::advance(3 * HOUR).await;
    let answer = answered(&service, &mut handle, tokens(0), "fine").await;
    assert_eq!(answer.unwrap(), "fine");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_throttle_for_the_day_speaks_for_calls_of_that_size_and_larger() {
    let layer = layer(Limit::tokens_per_minute(1_000_000).burst(1_000_000));
    let (service, mut handle) = service(&layer);
    let rejects = async |n| {
        let error = rejected(soon(service.clone().oneshot(tokens(n))).await);
        assert_eq!(*error.cause(), Cause::Exhausted, "{n}");
        error.retry_after().expect("it comes back")
    };
    let error = answered(&service, &mut handle, tokens(64_000), "!exhausted 7200").await;
    error.unwrap_err();
    // What is left may do for smaller ones: until one of them is refused too.
    for n in [1000, 63_999, 500] {
        let answer = answered(&service, &mut handle, tokens(n), "fine").await;
        answer.expect("no rejection");
        assert_eq!(rejects(64_000).await, 2 * HOUR);
        assert_eq!(rejects(1_000_000).await, 2 * HOUR);
    }
    let error = answered(&service, &mut handle, tokens(1000), "!exhausted").await;
    error.unwrap_err();
    assert_eq!(rejects(1000).await, 2 * HOUR);
    let answer = answered(&service, &mut handle, tokens(999), "fine").await;
    answer.expect("no rejection");
    tokio::time::advance(2 * HOUR).await;
    let answer = answered(&service, &mut handle, tokens(64_000), "fine").await;
    answer.expect("no rejection");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hint_for_the_day_is_believed_for_a_day() {
    for (hint, seconds) in [(5000, 5000), (1_000_000_000, 86_400), (u64::MAX, 86_400)] {
        let layer = one_an_hour();
        let (service, mut handle) = service(&layer);
        let text = format!("!exhausted {hint}").leak();
        let answer = answered(&service, &mut handle, tokens(0), text).await;
        let told = format!("throttled, wait {seconds}000ms");
        assert_eq!(answer.unwrap_err().to_string(), told);
        let error = rejected(soon(service.clone().oneshot(tokens(0))).await);
        assert_eq!(error.retry_after(), Some(SECOND * seconds));
        tokio::time::advance(SECOND * seconds).await;
        let answer = answered(&service, &mut handle, tokens(0), "fine").await;
        answer.expect("it is over");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_callers_hint_holds_others_no_longer_than_a_minute_explains() {
    let minute = || Limit::tokens_per_minute(600);
    for (limits, most) in [
        (minute().into(), 60),
        ([minute(), Limit::tokens_per_day(60_000)].into(), 60),
        (Limits::unknown(), 60),
        (Limit::tokens(600, 5 * SECOND).into(), 5),
        // Where an hour is all there is, it explains an hour.
        (Limit::tokens(600, HOUR).into(), 3600),
        (Limit::tokens_per_day(60_000).into(), 60),
    ] {
        let layer = layer(limits);
        for hint in [2, 3600, 86_400, 1_000_000_000, u64::MAX] {
            let (service, mut handle) = service(&layer);
            let text = format!("!throttled {hint}").leak();
            let answer = answered(&service, &mut handle, tokens(1), text).await;
            answer.expect_err("it is throttled");
            let start = Instant::now();
            let answer = answered(&service, &mut handle, tokens(1), "fine").await;
            answer.expect("no rejection");
            assert_eq!(start.elapsed().as_secs(), hint.min(most), "{hint}");
            tokio::time::advance(2 * HOUR).await;
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_will_not_make_it_with_a_smaller_share_is_told_at_once() {
    let layer = layer(Limit::calls_per_minute(60)).max_wait(11 * SECOND);
    let (mut service, mut handle) = service(&layer);
    seen(&service, &mut handle, tokens(0), 1).await;
    let mut calls: Vec<_> = (0..11)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    let (_, reply) = handle.next_request().await.expect("the call comes");
    reply.send_error("throttled");
    assert!(calls[0].poll().is_ready());
    // Ten calls at 0.9 a second are one too many.
    let woken: Vec<_> = calls.iter().map(task::Spawn::is_woken).collect();
    assert_eq!(woken[1..10], [false; 9]);
    assert_eq!(woken[10..], [true]);
    let late = rejected(calls.pop().expect("the last").await);
    assert_eq!(*late.cause(), Cause::MaxWait);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_day_that_is_used_up_says_nothing_about_the_minute() {
    let layer = layer(Limit::tokens_per_minute(600));
    let (service, mut handle) = service(&layer);
    let error = answered(&service, &mut handle, tokens(10), "!exhausted 7200").await;
    error.unwrap_err();
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert!((usage.share - 1.0).abs() < f64::EPSILON);
    assert_eq!((usage.throttled, usage.limits[0].used), (1, 0));
    assert_eq!(usage.limits[0].burst_below, None);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn over_reservation_is_reserved_over_used() {
    let layer = layer(Limit::tokens_per_minute(600).burst(600));
    let (service, mut handle) = service(&layer);
    for _ in 0..3 {
        let answer = answered(&service, &mut handle, tokens(100), "used 20").await;
        answer.unwrap();
    }
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!(usage.over_reservation(), Some(5.0));
    assert_eq!(usage.limits[0].used, 60);
    assert!((usage.utilisation() - 0.1).abs() < 1e-9);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn idle_keys_are_forgotten_and_others_not() {
    const KEYS: [&str; 40] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
        "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
        "32", "33", "34", "35", "36", "37", "38", "39",
    ];
    let layer = one_an_hour().max_idle_keys(4);
    let (service, mut handle) = service(&layer);
    let mut call = async |key| {
        let request = Request { key, ..tokens(0) };
        answered(&service, &mut handle, request, "fine")
            .await
            .unwrap();
    };
    for key in KEYS {
        call(key).await;
    }
    // What they used still counts.
    assert_eq!(layer.handle().keys().len(), 40);
    tokio::time::advance(HOUR).await;
    call("new").await;
    for key in KEYS {
        call(key).await;
        tokio::time::advance(HOUR).await;
    }
    assert!(layer.handle().keys().len() <= 4);
}
