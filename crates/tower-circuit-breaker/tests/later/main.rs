//! Calls whose response begins and goes on: the circuit hears of the beginning and of the end.

mod outages;
mod stream;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use stream::{ByEnd, Plan, begun, call, failed, serve};
use support::{SECOND, advance, soon};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_circuit_breaker::{
    Abandoned, CircuitBreakerLayer, Handle, OpenedBy, State, Throttles, Verdict, Window,
};

fn opens_at(failures: u32) -> CircuitBreakerLayer<ByEnd> {
    CircuitBreakerLayer::new(ByEnd).consecutive_failures(failures)
}

/// A layer whose circuit is half-open at the next call.
async fn opened(layer: CircuitBreakerLayer<ByEnd>) -> (CircuitBreakerLayer<ByEnd>, Handle) {
    let circuit = layer.handle();
    while circuit.state() == State::Closed {
        failed(&layer).await;
    }
    advance(10).await;
    (layer, circuit)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_closes_the_circuit_when_its_response_begins() {
    let (layer, circuit) = opened(opens_at(1)).await;
    let stream = begun(&layer).await;
    assert_eq!(circuit.state(), State::Closed);
    stream.end(Verdict::Success);
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_that_breaks_during_the_ramp_opens_the_circuit_again() {
    let (layer, circuit) = opened(opens_at(3)).await;
    let stream = begun(&layer).await;
    advance(9).await;
    stream.end(Verdict::Failure);
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_that_breaks_after_the_ramp_is_one_failure() {
    let layer = CircuitBreakerLayer::new(ByEnd).failure_rate(0.9, Window::calls(4).minimum(2));
    let circuit = layer.handle();
    failed(&layer).await;
    failed(&layer).await;
    assert_eq!(circuit.state(), State::Open);
    advance(10).await;
    let stream = begun(&layer).await;
    advance(10).await;
    stream.end(Verdict::Failure);
    let snapshot = circuit.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.calls, snapshot.failures),
        (State::Closed, 1, 1)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_probe_counts_once_and_its_break_fails_the_half_open_circuit() {
    let (layer, circuit) = opened(opens_at(3).probes(2)).await;
    let first = begun(&layer).await;
    first.end(Verdict::Success);
    assert_eq!(circuit.state(), State::HalfOpen);
    let second = begun(&layer).await;
    assert_eq!(circuit.state(), State::Closed);
    drop(second);

    let (layer, circuit) = opened(opens_at(3).probes(2)).await;
    let first = begun(&layer).await;
    first.end(Verdict::Failure);
    let snapshot = circuit.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.opened_by),
        (State::Open, Some(OpenedBy::Probe))
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_break_counts_in_place_of_the_success_of_its_beginning() {
    let layer = CircuitBreakerLayer::new(ByEnd).failure_rate(1.0, Window::calls(4));
    let circuit = layer.handle();
    let streams = [begun(&layer).await, begun(&layer).await];
    assert_eq!(
        (circuit.snapshot().calls, circuit.snapshot().failures),
        (2, 0)
    );
    for stream in streams {
        stream.end(Verdict::Failure);
    }
    // The next successes stand for the beginnings that were none.
    for _ in 0..2 {
        begun(&layer).await.end(Verdict::Success);
    }
    assert_eq!(
        (circuit.snapshot().calls, circuit.snapshot().failures),
        (4, 2)
    );
    // Where each breaks, each is a failure: the window ends up full of them.
    for _ in 0..6 {
        if let Ok(stream) = call(&layer, Plan::Begins(Duration::ZERO)).await {
            stream.end(Verdict::Failure);
        }
    }
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn beginnings_end_a_run_of_failures_and_not_a_run_of_breaks() {
    let layer = opens_at(3);
    let circuit = layer.handle();
    let mut long = Vec::new();
    for _ in 0..10 {
        failed(&layer).await;
        failed(&layer).await;
        long.push(begun(&layer).await);
    }
    assert_eq!(circuit.state(), State::Closed);
    for stream in long.drain(..2) {
        stream.end(Verdict::Failure);
    }
    // One that ends well ends the run of breaks.
    long.remove(0).end(Verdict::Success);
    for _ in 0..2 {
        begun(&layer).await.end(Verdict::Failure);
    }
    assert_eq!(circuit.state(), State::Closed);
    begun(&layer).await.end(Verdict::Failure);
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_is_as_slow_as_its_beginning() {
    let window = Window::calls(10).minimum(2);
    let layer = CircuitBreakerLayer::new(ByEnd).slow_calls(SECOND, 1.0, window);
    let circuit = layer.handle();
    for _ in 0..4 {
        let stream = begun(&layer).await;
        advance(3_600).await;
        stream.end(Verdict::Success);
    }
    let snapshot = circuit.snapshot();
    assert_eq!((snapshot.state, snapshot.slow_calls), (State::Closed, 0));
    circuit.reset();
    for _ in 0..2 {
        // It counts at once, long before the end.
        let slow = call(&layer, Plan::Begins(2 * SECOND)).await;
        std::mem::forget(slow.expect("the circuit is closed"));
    }
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_that_is_dropped_counts_as_the_policy_for_abandoned_calls_says() {
    for (abandoned, state) in [
        (Abandoned::Ignored, State::Closed),
        (Abandoned::Failure, State::Open),
    ] {
        let layer = opens_at(1).abandoned(abandoned);
        let circuit = layer.handle();
        drop(begun(&layer).await);
        assert_eq!(circuit.state(), state, "{abandoned:?}");
        circuit.reset();
        begun(&layer).await.end(Verdict::Later);
        assert_eq!(circuit.state(), state, "{abandoned:?}");
        circuit.reset();
        begun(&layer).await.end(Verdict::Ignored);
        assert_eq!(circuit.state(), State::Closed, "{abandoned:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_classifier_that_takes_no_outcome_abandons_the_call() {
    let later = |_: &Result<(), BoxError>| Verdict::Later;
    let layer = CircuitBreakerLayer::new(later)
        .consecutive_failures(1)
        .abandoned(Abandoned::Failure);
    let circuit = layer.handle();
    let service = layer.layer(service_fn(|()| async { Ok::<_, BoxError>(()) }));
    service.oneshot(()).await.expect("the response passes");
    assert_eq!(circuit.state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_throttle_or_a_used_up_quota_in_a_stream_has_its_hint() {
    let retry_after = Some(30 * SECOND);
    let layer = opens_at(1);
    let circuit = layer.handle();
    begun(&layer).await.end(Verdict::Throttled { retry_after });
    assert_eq!(circuit.snapshot().until_half_open, retry_after);

    let layer = opens_at(1).throttles(Throttles::Ignored);
    let circuit = layer.handle();
    begun(&layer).await.end(Verdict::Throttled { retry_after });
    assert_eq!(circuit.state(), State::Closed);
    begun(&layer).await.end(Verdict::Exhausted { retry_after });
    assert!(circuit.snapshot().exhausted);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_end_of_a_call_from_before_the_circuit_changed_is_old_news() {
    let layer = opens_at(1);
    let circuit = layer.handle();
    let early = [begun(&layer).await, begun(&layer).await];
    circuit.reset();
    for stream in early {
        // From another thread, without a runtime.
        let end = std::thread::spawn(move || stream.end(Verdict::Failure));
        end.join().expect("it ends");
    }
    assert_eq!(circuit.state(), State::Closed);
    circuit.force_closed();
    begun(&layer).await.end(Verdict::Failure);
    assert_eq!(circuit.state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_key_hears_of_its_own_streams_by_classifiers_of_each_request() {
    let layer = CircuitBreakerLayer::per_request(|_: &&str| ByEnd)
        .consecutive_failures(1)
        .key_by(|key: &&'static str| *key);
    let begins = service_fn(|_: &'static str| serve(Plan::Begins(Duration::ZERO)));
    let mut service = layer.layer(begins);
    let circuits = layer.circuits();
    let one = soon(service.call("one")).await.expect("it begins");
    let other = soon(service.call("other")).await.expect("it begins");
    one.end(Verdict::Failure);
    assert_eq!(circuits.handle(&"one").state(), State::Open);
    other.end(Verdict::Success);
    assert_eq!(circuits.handle(&"other").state(), State::Closed);
}
