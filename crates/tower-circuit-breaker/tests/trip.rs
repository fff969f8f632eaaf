//! When a closed circuit trips.

mod support;

use support::{SECOND, advance, answered, layer, rejected, service};
use tower_circuit_breaker::{State, Throttles, Window};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn failures_in_a_row_trip_it() {
    let layer = layer().consecutive_failures(3);
    let (service, mut handle) = service(&layer);
    for _ in 0..2 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    answered(&service, &mut handle, "fine").await.unwrap();
    for _ in 0..2 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Closed);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
    rejected(&service).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_window_of_ten_forgets_a_thousand_good_calls() {
    let layer = layer().failure_rate(0.5, Window::calls(10));
    let (service, mut handle) = service(&layer);
    for _ in 0..1000 {
        answered(&service, &mut handle, "fine").await.unwrap();
    }
    for _ in 0..4 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Closed);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_window_of_time_forgets_what_is_older() {
    let layer = layer().failure_rate(0.5, Window::time(10 * SECOND).minimum(4));
    let (service, mut handle) = service(&layer);
    for _ in 0..3 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    advance(11).await;
    for _ in 0..3 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.calls, snapshot.failures), (3, 3));
    assert_eq!(snapshot.state, State::Closed);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn ignored_results_neither_count_nor_end_a_run() {
    let layer = layer().consecutive_failures(2);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    for _ in 0..10 {
        answered(&service, &mut handle, "!ignored")
            .await
            .unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Closed);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn throttles_count_or_not() {
    for (throttles, state) in [
        (Throttles::Failure, State::Open),
        (Throttles::Ignored, State::Closed),
    ] {
        let layer = layer().consecutive_failures(2).throttles(throttles);
        let (service, mut handle) = service(&layer);
        for _ in 0..2 {
            answered(&service, &mut handle, "!throttled")
                .await
                .unwrap_err();
        }
        assert_eq!(layer.handle().state(), state);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_exhausted_service_trips_it_at_once_and_for_long() {
    let layer = layer();
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!exhausted")
        .await
        .unwrap_err();
    let open = rejected(&service).await;
    assert_eq!(
        (open.retry_after(), open.is_exhausted()),
        (3600 * SECOND, true)
    );
    layer.handle().reset();
    answered(&service, &mut handle, "!exhausted 7200")
        .await
        .unwrap_err();
    assert_eq!(rejected(&service).await.retry_after(), 7200 * SECOND);
    layer.handle().force_open();
    assert!(!rejected(&service).await.is_exhausted());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn slow_calls_trip_it() {
    let layer = layer().slow_calls(2 * SECOND, 0.5, Window::calls(4));
    let (service, mut handle) = service(&layer);
    for seconds in [0, 3, 0, 3] {
        assert_eq!(layer.handle().state(), State::Closed);
        let call = tokio::spawn({
            use tower::ServiceExt as _;
            service.clone().oneshot("call")
        });
        let (_, send) = handle.next_request().await.expect("the call comes");
        advance(seconds).await;
        send.send_response("fine");
        call.await.expect("no panic").unwrap();
    }
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn without_a_rule_an_outage_trips_it_and_half_of_the_calls_do_not() {
    let layer = layer();
    let (service, mut handle) = service(&layer);
    for call in 0..200 {
        let answer = if call % 2 == 0 { "!failed" } else { "fine" };
        let _ = answered(&service, &mut handle, answer).await;
    }
    for _ in 0..51 {
        assert_eq!(layer.handle().state(), State::Closed);
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
        tokio::time::advance(SECOND / 10).await;
    }
    rejected(&service).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_named_rule_takes_the_place_of_the_default_ones() {
    let layer = layer().failure_rate(1.0, Window::calls(100));
    let (service, mut handle) = service(&layer);
    for _ in 0..9 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_rate_is_met_exactly() {
    let layer = layer().failure_rate(0.07, Window::calls(100).minimum(100));
    let (service, mut handle) = service(&layer);
    for _ in 0..93 {
        answered(&service, &mut handle, "fine").await.unwrap();
    }
    for _ in 0..7 {
        assert_eq!(layer.handle().state(), State::Closed);
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_success_never_trips_it() {
    let layer = layer().failure_rate(0.5, Window::calls(10));
    let (service, mut handle) = service(&layer);
    for _ in 0..9 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
}
