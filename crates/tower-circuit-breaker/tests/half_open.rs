//! How an open circuit finds out that the service is well again.

mod support;

use support::{SECOND, advance, answered, layer, rejected, service, soon};
use tower::{Service, ServiceExt};
use tower_circuit_breaker::{Abandoned, State, Window};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn so_many_probes_have_to_succeed() {
    let layer = layer().consecutive_failures(1).probes(3);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    for _ in 0..3 {
        assert_ne!(layer.handle().state(), State::Closed);
        answered(&service, &mut handle, "fine").await.unwrap();
    }
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_more_probes_pass_than_are_needed() {
    let layer = layer().consecutive_failures(1).probes(2);
    let (mut service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    let one = service.call("one");
    let two = service.call("two");
    assert_eq!(layer.handle().snapshot().probes, 2);
    rejected(&service).await;
    drop(two);
    assert_eq!(layer.handle().snapshot().probes, 1);
    drop(one);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_every_15_seconds_never_leaves_it_stuck() {
    let layer = layer()
        .failure_rate(0.5, Window::time(10 * SECOND))
        .probes(3)
        .probe_lease(10 * SECOND);
    let (service, mut handle) = service(&layer);
    for _ in 0..10 {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Open);
    for _ in 0..3 {
        assert_ne!(layer.handle().state(), State::Closed);
        advance(15).await;
        answered(&service, &mut handle, "fine").await.unwrap();
    }
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_hung_probe_frees_its_place_after_its_lease() {
    let layer = layer().consecutive_failures(1).probe_lease(20 * SECOND);
    let (mut service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    let hung = service.call("hung");
    advance(19).await;
    assert_eq!(rejected(&service).await.retry_after(), SECOND);
    advance(1).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
    drop(hung);
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_slower_than_its_lease_still_counts() {
    let layer = layer().consecutive_failures(1).probe_lease(SECOND);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    let call = tokio::spawn(service.clone().oneshot("slow"));
    let (_, send) = soon(handle.next_request()).await.expect("the call comes");
    advance(60).await;
    send.send_response("fine");
    soon(call).await.expect("no panic").unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

/// Four probes hang, each after the other's lease; those that lost their places fail, which tells
/// nothing new.
async fn hung_probes(newest_fails: bool) {
    let layer = layer().consecutive_failures(1).probe_lease(10 * SECOND);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .expect_err("it fails");
    advance(5).await;
    let mut probes = Vec::new();
    for _ in 0..4 {
        let call = tokio::spawn(service.clone().oneshot("probe"));
        let (_, send) = soon(handle.next_request()).await.expect("the probe comes");
        probes.push((call, send));
        assert_eq!(rejected(&service).await.retry_after(), SECOND);
        advance(10).await;
    }
    // The lease of each is over, but nobody has taken the place of the last.
    let (newest, send_newest) = probes.pop().expect("four probes");
    let (older, send_older) = probes.pop().expect("three probes");
    for (call, send) in probes {
        send.send_error("failed");
        soon(call).await.expect("no panic").expect_err("it fails");
        assert_eq!(layer.handle().state(), State::HalfOpen);
    }
    if newest_fails {
        send_newest.send_error("failed");
        soon(newest).await.expect("no panic").expect_err("it fails");
        assert_eq!(layer.handle().state(), State::Open);
    } else {
        send_older.send_response("fine");
        soon(older).await.expect("no panic").expect("it succeeds");
        assert_eq!(layer.handle().state(), State::Closed);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_failure_of_the_newest_probe_opens_it_again() {
    hung_probes(true).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn any_probes_success_closes_it_though_its_lease_is_over() {
    hung_probes(false).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn results_of_calls_admitted_before_the_trip_are_no_probes() {
    let layer = layer().consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    let mut late = Vec::new();
    for _ in 0..2 {
        let call = tokio::spawn(service.clone().oneshot("late"));
        let (_, send) = soon(handle.next_request()).await.expect("the call comes");
        late.push((call, send));
    }
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    let probe = tokio::spawn(service.clone().oneshot("probe"));
    let (_, send_probe) = soon(handle.next_request()).await.expect("the probe comes");
    assert_eq!(layer.handle().state(), State::HalfOpen);

    let (call, send) = late.pop().expect("two late calls");
    send.send_response("fine");
    soon(call).await.expect("no panic").unwrap();
    assert_eq!(layer.handle().state(), State::HalfOpen);
    let (call, send) = late.pop().expect("one late call");
    send.send_error("failed");
    soon(call).await.expect("no panic").unwrap_err();
    assert_eq!(layer.handle().state(), State::HalfOpen);

    send_probe.send_response("fine");
    soon(probe).await.expect("no panic").unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_abandoned_probe_gives_its_place_back() {
    let layer = layer().consecutive_failures(1);
    let (mut service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    // Never polled, waiting for its answer, and with an answer that says nothing.
    drop(service.call("never polled"));
    let call = tokio::spawn(service.clone().oneshot("polled"));
    soon(handle.next_request()).await.expect("the call comes");
    rejected(&service).await;
    call.abort();
    soon(call).await.unwrap_err();
    answered(&service, &mut handle, "!ignored")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::HalfOpen);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_panicking_probe_gives_its_place_back() {
    let layer = layer().consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    let panics = tower::Layer::layer(
        &layer,
        tower::service_fn(|_: &'static str| async { panic!("by design") }),
    );
    let panicked = tokio::spawn(panics.oneshot("probe")).await;
    assert!(panicked.unwrap_err().is_panic());
    assert_eq!(layer.handle().state(), State::HalfOpen);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn abandoned_calls_count_as_failures_where_asked_to() {
    let layer = layer()
        .consecutive_failures(2)
        .abandoned(Abandoned::Failure);
    let (mut service, mut handle) = service(&layer);
    for _ in 0..10 {
        drop(service.call("never reached the service"));
    }
    for _ in 0..2 {
        assert_eq!(layer.handle().state(), State::Closed);
        let call = tokio::spawn(service.clone().oneshot("hangs"));
        let _hung = soon(handle.next_request()).await.expect("the call comes");
        call.abort();
        soon(call).await.unwrap_err();
    }
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_open_time_doubles_up_to_the_cap_and_starts_over() {
    let layer = layer()
        .consecutive_failures(1)
        .open_for(10 * SECOND, 60 * SECOND)
        .seed(7);
    let (service, mut handle) = service(&layer);
    let mut seen = Vec::new();
    for longest in [10, 20, 40, 60, 60, 60] {
        answered(&service, &mut handle, "!failed")
            .await
            .unwrap_err();
        let open = rejected(&service).await.retry_after();
        assert!(open >= longest * SECOND / 2 && open <= longest * SECOND);
        seen.push(open.as_secs_f64() / f64::from(longest));
        advance(longest.into()).await;
    }
    seen.dedup();
    assert_eq!(seen.len(), 6, "the jitter differs: {seen:?}");

    answered(&service, &mut handle, "fine").await.unwrap();
    advance(59).await;
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert!(rejected(&service).await.retry_after() >= 30 * SECOND);
    advance(60).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    advance(60).await;
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert!(rejected(&service).await.retry_after() <= 10 * SECOND);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_throttled_probe_reopens_it_for_no_less_than_its_hint() {
    let layer = layer()
        .consecutive_failures(1)
        .max_hint(300 * SECOND)
        .throttles(tower_circuit_breaker::Throttles::Ignored);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    answered(&service, &mut handle, "!throttled 300")
        .await
        .unwrap_err();
    let open = rejected(&service).await;
    assert_eq!(open.retry_after(), 300 * SECOND);
    assert_eq!(open.to_string(), "circuit is open; retry after 300s");
    advance(299).await;
    rejected(&service).await;
    advance(1).await;
    answered(&service, &mut handle, "fine").await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_slow_probe_fails() {
    let layer = layer()
        .slow_calls(SECOND, 1.0, Window::calls(1))
        .consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    advance(5).await;
    let call = tokio::spawn(service.clone().oneshot("slow"));
    let (_, send) = soon(handle.next_request()).await.expect("the call comes");
    advance(1).await;
    send.send_response("fine");
    soon(call).await.expect("no panic").unwrap();
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_hint_keeps_it_open_for_longer_than_its_bound() {
    const DAY: u64 = 24 * 60 * 60;
    let throttled = ["!throttled 86400", "!throttled 18446744073709551615"];
    let exhausted = ["!exhausted 864000", "!exhausted 18446744073709551615"];
    for (answers, longest) in [(throttled, 60), (exhausted, DAY)] {
        for answer in answers {
            let layer = layer().consecutive_failures(1);
            let (service, mut handle) = service(&layer);
            // The one that opens it, and the probe.
            for _ in 0..2 {
                answered(&service, &mut handle, answer).await.unwrap_err();
                let open = rejected(&service).await.retry_after();
                assert_eq!(open.as_secs(), longest, "{answer}");
                advance(longest).await;
            }
            answered(&service, &mut handle, "fine").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_bounds_of_hints_are_knobs_and_bear_any_time() {
    for longest in [2 * SECOND, std::time::Duration::MAX] {
        let layer = layer()
            .consecutive_failures(1)
            .open_for(SECOND, SECOND)
            .max_hint(longest)
            .max_exhausted_hint(longest);
        let (service, mut handle) = service(&layer);
        for answer in ["!throttled 7200", "!exhausted 7200"] {
            answered(&service, &mut handle, answer).await.unwrap_err();
            let open = rejected(&service).await.retry_after();
            assert_eq!(open, longest.min(7200 * SECOND), "{answer}");
            layer.handle().reset();
        }
        let endless = "!exhausted 18446744073709551615";
        answered(&service, &mut handle, endless).await.unwrap_err();
        rejected(&service).await;
    }
}
