//! A call through a closed circuit allocates nothing.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::ops::Range;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use tower::{BoxError, Layer, Service};
use tower_circuit_breaker::{CircuitBreakerLayer, Classify, Outcome, Verdict, Window};

#[derive(Clone)]
struct Echo;

impl Service<u32> for Echo {
    type Response = u32;
    type Error = BoxError;
    type Future = Ready<Result<u32, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        ready(Ok(request))
    }
}

fn classify(result: &Result<u32, BoxError>) -> Verdict {
    match result {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    }
}

fn allocations_of(mut service: impl Service<u32, Response = u32> + Clone) -> u64 {
    // The first call of a key makes its circuit.
    let mut call = || {
        let answer = service
            .call(7)
            .now_or_never()
            .expect("the service is ready");
        assert_eq!(black_box(answer.ok()), Some(7));
    };
    call();
    allocation_counter::measure(|| (0..1000).for_each(|_| call())).count_total
}

#[test]
fn the_closed_path_allocates_nothing() {
    let layer = || CircuitBreakerLayer::new(classify);
    let time = Window::time(Duration::from_secs(10));
    assert_eq!(allocations_of(layer().layer(Echo)), 0);
    assert_eq!(
        allocations_of(layer().consecutive_failures(5).layer(Echo)),
        0
    );
    let count = layer().failure_rate(0.5, Window::calls(100));
    assert_eq!(allocations_of(count.layer(Echo)), 0);
    let slow = layer().slow_calls(Duration::from_secs(1), 0.5, time);
    assert_eq!(allocations_of(slow.layer(Echo)), 0);
    let keyed = layer().key_by(|request: &u32| *request);
    assert_eq!(allocations_of(keyed.layer(Echo)), 0);
    let clones = layer().layer(Echo);
    let cloned = allocation_counter::measure(|| drop(black_box(clones.clone())));
    assert_eq!(cloned.count_total, 0);
}

#[derive(Clone)]
struct ByEnd;

impl Classify<u32, BoxError> for ByEnd {
    fn classify(&self, _: &Result<u32, BoxError>) -> Verdict {
        Verdict::Later
    }

    fn later(&self, _: &mut Result<u32, BoxError>, outcome: Outcome) {
        outcome.record(Verdict::Success);
    }
}

#[test]
fn a_call_whose_end_is_told_later_allocates_nothing() {
    assert_eq!(
        allocations_of(CircuitBreakerLayer::new(ByEnd).layer(Echo)),
        0
    );
}

#[test]
fn a_window_of_time_takes_no_more_room_for_more_calls() {
    let minute = Window::time(Duration::from_secs(60));
    let layer = CircuitBreakerLayer::new(classify).failure_rate(1.0, minute);
    let mut service = layer.layer(Echo);
    let mut call = || service.call(7).now_or_never().is_some();
    assert!(call());
    let info = allocation_counter::measure(|| assert!((0..100_000).all(|_| call())));
    assert_eq!(info.count_total, 0);
    assert_eq!(layer.handle().snapshot().calls, 100_001);
}

#[test]
fn no_number_of_failing_keys_takes_more_than_the_most_circuits() {
    let layer = CircuitBreakerLayer::new(|_: &Result<u32, BoxError>| Verdict::Failure)
        .key_by(|key: &u32| *key)
        .consecutive_failures(1)
        .max_keys(500);
    let mut service = layer.layer(Echo);
    let mut heap = |keys: Range<u32>| {
        allocation_counter::measure(|| {
            for key in keys {
                black_box(service.call(key).now_or_never());
            }
        })
        .bytes_current
    };
    let first = heap(0..500);
    let more = heap(500..50_000);
    assert!(first > 0 && more * 10 < first, "{first} bytes, then {more}");
    assert_eq!(layer.circuits().keys().len(), 500);
}
