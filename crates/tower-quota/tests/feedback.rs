//! What throttles do.

mod support;

use support::{
    HOUR, Handle, Request, SECOND, Service, layer, one_an_hour, rejected, service, soon, tokens,
};
use tokio::time::Instant;
use tokio_test::{assert_pending, task};
use tower::{BoxError, Service as _, ServiceExt};
use tower_quota::{Cause, Limit};

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
async fn a_throttle_for_the_day_closes_the_key_for_that_time() {
    let layer = one_an_hour().exhausted_for(3 * HOUR).max_wait(2 * HOUR);
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
    let error = rejected(waiting.await);
    assert_eq!(*error.cause(), Cause::MaxWait);
    assert_eq!(error.retry_after(), Some(3 * HOUR));
    let error = rejected(soon(service.call(tokens(0))).await);
    assert_eq!(error.retry_after(), Some(3 * HOUR));
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
async fn a_hint_for_the_day_is_believed() {
    let layer = one_an_hour();
    let (service, mut handle) = service(&layer);
    let answer = answered(&service, &mut handle, tokens(0), "!exhausted 5000").await;
    assert_eq!(answer.unwrap_err().to_string(), "throttled, wait 5000000ms");
    let start = Instant::now();
    let answer = answered(&service, &mut handle, tokens(0), "fine").await;
    answer.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5000);
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
