//! Seeing and forcing the state.

mod support;

use support::{SECOND, advance, answered, classify, layer, rejected, service, soon};
use tower::ServiceExt;
use tower_circuit_breaker::{CircuitBreakerLayer, State, Window};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn forcing_takes_effect_at_once_and_lasts() {
    let layer = layer().consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    let circuit = layer.handle();
    circuit.force_open();
    rejected(&service).await;
    advance(365 * 24 * 60 * 60).await;
    rejected(&service).await;
    assert!(circuit.snapshot().forced);
    assert_eq!(circuit.snapshot().until_half_open, None);

    circuit.force_closed();
    for _ in 0..100 {
        answered(&service, &mut handle, "!exhausted")
            .await
            .unwrap_err();
    }
    assert_eq!(circuit.state(), State::Closed);
    assert!(circuit.snapshot().forced);

    circuit.reset();
    assert!(!circuit.snapshot().forced);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn forced_open_for_a_time_it_probes_after_it() {
    let layer = layer();
    let (service, mut handle) = service(&layer);
    layer.handle().force_open_for(30 * SECOND);
    assert_eq!(rejected(&service).await.retry_after(), 30 * SECOND);
    advance(30).await;
    assert_eq!(
        layer.handle().snapshot().until_half_open,
        Some(std::time::Duration::ZERO)
    );
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn results_of_calls_under_way_do_not_count_after_a_reset() {
    let layer = layer().consecutive_failures(1);
    let (service, mut handle) = service(&layer);
    let call = tokio::spawn(service.clone().oneshot("call"));
    let (_, send) = soon(handle.next_request()).await.expect("the call comes");
    layer.handle().reset();
    send.send_error("failed");
    soon(call).await.expect("no panic").unwrap_err();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiters_wake_on_every_kind_of_change() {
    let layer = layer().consecutive_failures(1);
    let (service, mut inner) = service(&layer);
    let circuit = layer.handle();
    let watch = |from| {
        let circuit = circuit.clone();
        tokio::spawn(async move { circuit.changed_from(from).await })
    };

    let waiter = watch(State::Closed);
    tokio::task::yield_now().await;
    circuit.force_open();
    assert_eq!(soon(waiter).await.unwrap(), State::Open);

    let waiter = watch(State::Open);
    tokio::task::yield_now().await;
    circuit.force_closed();
    assert_eq!(soon(waiter).await.unwrap(), State::Closed);

    circuit.reset();
    let waiter = watch(State::Closed);
    tokio::task::yield_now().await;
    answered(&service, &mut inner, "!failed").await.unwrap_err();
    assert_eq!(soon(waiter).await.unwrap(), State::Open);

    let waiter = watch(State::Open);
    advance(5).await;
    let probe = tokio::spawn(service.clone().oneshot("probe"));
    assert_eq!(soon(waiter).await.unwrap(), State::HalfOpen);
    probe.abort();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_snapshot_counts_every_call_in_the_window() {
    let layer = layer().failure_rate(0.9, Window::calls(8));
    let (service, mut handle) = service(&layer);
    assert_eq!(layer.handle().snapshot().failure_rate(), None);
    for answer in ["fine", "!failed", "fine", "!failed", "!failed", "fine"] {
        let _ = answered(&service, &mut handle, answer).await;
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.calls, snapshot.failures), (6, 3));
    assert_eq!(snapshot.failure_rate(), Some(0.5));
    assert_eq!(snapshot.consecutive_failures, 0);
    for _ in 0..8 {
        let _ = answered(&service, &mut handle, "fine").await;
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.calls, snapshot.failures), (8, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn debug_is_a_summary() {
    let layer = layer().consecutive_failures(2);
    let circuit = layer.handle();
    let text = format!("{circuit:?}");
    assert!(text.starts_with("Handle { snapshot: Snapshot { state: Closed,"));
    circuit.force_open();
    let text = format!("{:?}", layer.circuits());
    assert!(text.starts_with("Circuits { snapshot: Snapshot { state: Open,"));
    let text = format!("{layer:?}");
    assert!(text.starts_with("CircuitBreakerLayer { settings: Settings { name: \"default\","));

    let keyed = CircuitBreakerLayer::new(classify).key_by(|request: &&'static str| *request);
    let held = keyed.circuits().handle(&"held");
    assert!(format!("{held:?}").starts_with("Handle { snapshot: Snapshot { state: Closed,"));
    assert_eq!(format!("{:?}", keyed.circuits()), "Circuits { keys: 1 }");
}
