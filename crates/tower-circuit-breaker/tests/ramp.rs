//! How many calls pass after a circuit has closed.

mod support;

use std::time::Duration;

use support::{Layered, SECOND, advance, answered, layer, rejected, service, soon};
use tower::ServiceExt;
use tower_circuit_breaker::{CircuitBreakerLayer, Open, SingleCircuit, State};

type Single = Layered<support::Classifier, SingleCircuit, SingleCircuit>;

/// A circuit that a probe has just closed.
async fn closed(layer: &CircuitBreakerLayer<support::Classifier>) -> (Single, support::Handle) {
    let (service, mut handle) = service(layer);
    answered(&service, &mut handle, "!failed")
        .await
        .expect_err("it fails");
    advance(5).await;
    answered(&service, &mut handle, "fine")
        .await
        .expect("it succeeds");
    assert_eq!(layer.handle().state(), State::Closed);
    (service, handle)
}

/// How many of a hundred calls pass; the others are held back, and no longer than `rest`.
async fn passed(service: &Single, handle: &mut support::Handle, rest: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..100 {
        let call = tokio::spawn(service.clone().oneshot("call"));
        tokio::task::yield_now().await;
        if call.is_finished() {
            let error = soon(call).await.expect("no panic").expect_err("it fails");
            let open = error.downcast::<Open>().expect("it is held back");
            assert!(open.retry_after() <= rest * SECOND);
        } else {
            let (_, send) = soon(handle.next_request()).await.expect("the call comes");
            send.send_response("fine");
            soon(call).await.expect("no panic").expect("it succeeds");
            passed += 1;
        }
    }
    passed
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_share_that_passes_grows_from_a_tenth_to_all() {
    let layer = layer().consecutive_failures(1).ramp(10 * SECOND);
    let (service, mut handle) = closed(&layer).await;
    let mut shares = Vec::new();
    for second in 0..12_u32 {
        let ramping = layer.handle().snapshot().ramping;
        let share = (second < 10).then(|| f64::from(second.max(1)) / 10.0);
        assert_eq!(ramping, share);
        shares.push(passed(&service, &mut handle, 10_u32.saturating_sub(second)).await);
        advance(1).await;
    }
    // The first call has a share of its own.
    assert_eq!(shares, [11, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn those_held_back_are_spread_over_the_rest() {
    let layer = layer().consecutive_failures(1).ramp(10 * SECOND).seed(1);
    let (service, mut handle) = closed(&layer).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(rejected(&service).await.retry_after());
    }
    assert!(waits.iter().any(|wait| *wait < 3 * SECOND), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 7 * SECOND), "{waits:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_rules_hold_meanwhile() {
    let layer = layer().consecutive_failures(1).ramp(10 * SECOND);
    let (service, mut handle) = closed(&layer).await;
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
    assert_eq!(layer.handle().snapshot().ramping, None);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_circuit_closed_by_hand_admits_all() {
    let layer = layer().consecutive_failures(1).ramp(10 * SECOND);
    let (service, mut handle) = closed(&layer).await;
    for close in [
        tower_circuit_breaker::Handle::reset,
        tower_circuit_breaker::Handle::force_closed,
    ] {
        close(&layer.handle());
        assert_eq!(passed(&service, &mut handle, 0).await, 100);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_ramp_of_any_length_is_kept() {
    let layer = layer().consecutive_failures(1).ramp(Duration::MAX);
    let (service, mut handle) = closed(&layer).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    assert!(rejected(&service).await.retry_after() > SECOND);
    assert_eq!(layer.handle().snapshot().ramping, Some(0.1));
}
