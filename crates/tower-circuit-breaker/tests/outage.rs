//! The rule for outages: it opens when a service is down altogether, and not before.

mod support;

use std::future::Ready;
use std::task::{Context, Poll};
use std::time::Duration;

use support::{
    Classifier, Handle, Layered, Response, SECOND, advance, answered, layer, rejected, service,
    soon,
};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_circuit_breaker::{
    Abandoned, CircuitBreakerLayer, Outage, SingleCircuit, State, Throttles,
};
use tower_test::mock::SendResponse;

const TENTH: Duration = Duration::from_millis(100);

type Breaker = CircuitBreakerLayer<Classifier>;
type Single = Layered<Classifier, SingleCircuit, SingleCircuit>;
type Call = (
    JoinHandle<Result<Response, BoxError>>,
    SendResponse<Response>,
);

/// A call that reaches the inner service and is under way there.
async fn sent(service: &Single, handle: &mut Handle) -> Call {
    let call = tokio::spawn(service.clone().oneshot("call"));
    let (_, send) = soon(handle.next_request()).await.expect("the call comes");
    (call, send)
}

async fn fails((call, send): Call) {
    send.send_error("failed");
    soon(call).await.expect("no panic").expect_err("it fails");
}

async fn succeeds((call, send): Call) {
    send.send_response("fine");
    soon(call).await.expect("no panic").expect("it succeeds");
}

/// Calls that each fail a tenth of a second after they were sent, one after the other.
async fn failures(number: u32, service: &Single, handle: &mut Handle) {
    for _ in 0..number {
        let call = sent(service, handle).await;
        tokio::time::advance(TENTH).await;
        fails(call).await;
    }
}

/// How many such calls it takes to open the circuit.
async fn failures_to_open(layer: &Breaker, service: &Single, handle: &mut Handle) -> u32 {
    for number in 0..1000 {
        if layer.handle().state() == State::Open {
            return number;
        }
        failures(1, service, handle).await;
    }
    panic!("a thousand failures do not open it");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn fifty_failures_in_the_order_of_their_sending_open_it() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    // The first begins the run; the last one is too young to be judged.
    assert_eq!(failures_to_open(&layer, &service, &mut handle).await, 52);
    rejected(&service).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_time_that_passes_judges_the_last_ones() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    failures(51, &service, &mut handle).await;
    assert_eq!(layer.handle().state(), State::Closed);
    advance(1).await;
    // No timer does it, but the next call.
    assert_eq!(layer.handle().state(), State::Closed);
    assert!(rejected(&service).await.retry_after() > SECOND);
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_total_failure_shorter_than_the_span_is_left_to_the_retries() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    let start = Instant::now();
    while layer.handle().state() == State::Closed {
        let call = sent(&service, &mut handle).await;
        tokio::time::advance(TENTH / 10).await;
        fails(call).await;
    }
    // The first failure came a hundredth of a second after the start.
    assert_eq!(start.elapsed(), 5 * SECOND + TENTH / 10);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_answer_to_an_older_call_says_nothing_about_now() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    let mut old = Vec::new();
    for _ in 0..52 {
        old.push(sent(&service, &mut handle).await);
    }
    tokio::time::advance(TENTH).await;
    for call in old {
        assert_eq!(layer.handle().state(), State::Closed);
        succeeds(call).await;
        failures(1, &service, &mut handle).await;
    }
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_success_behind_the_failures_begins_the_count_anew() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    for _ in 0..10 {
        failures(49, &service, &mut handle).await;
        answered(&service, &mut handle, "fine").await.unwrap();
    }
    assert_eq!(failures_to_open(&layer, &service, &mut handle).await, 52);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_service_that_hangs_opens_it_after_a_minute_without_a_success() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    let mut calls = Vec::new();
    for _ in 0..100 {
        calls.push(sent(&service, &mut handle).await);
    }
    // Half of the attempts time out, the others go on.
    advance(60).await;
    let hung = calls.split_off(50);
    for call in calls {
        assert_eq!(layer.handle().state(), State::Closed);
        fails(call).await;
    }
    assert_eq!(layer.handle().state(), State::Open);
    drop(hung);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_minute_counts_from_the_last_success() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    let mut calls = Vec::new();
    for _ in 0..100 {
        calls.push(sent(&service, &mut handle).await);
    }
    advance(50).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    advance(10).await;
    let mut hung = calls.split_off(60);
    for call in calls {
        fails(call).await;
    }
    advance(49).await;
    fails(hung.pop().expect("forty hang")).await;
    assert_eq!(layer.handle().state(), State::Closed);
    advance(1).await;
    fails(hung.pop().expect("39 hang")).await;
    assert_eq!(layer.handle().state(), State::Open);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn forty_nine_failures_leave_it_closed() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    failures(49, &service, &mut handle).await;
    advance(1000).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn failures_that_overtake_slow_answers_leave_it_closed() {
    let layer = layer().outage(Outage::new());
    let (service, mut handle) = service(&layer);
    // One call in ten is answered, but only after four seconds, in which forty others fail.
    let mut slow = std::collections::VecDeque::new();
    for _ in 0..200 {
        slow.push_back(sent(&service, &mut handle).await);
        failures(9, &service, &mut handle).await;
        tokio::time::advance(TENTH).await;
        if slow.len() == 4 {
            succeeds(slow.pop_front().expect("four are under way")).await;
        }
        assert_eq!(layer.handle().state(), State::Closed);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn results_that_tell_nothing_neither_count_nor_outlive() {
    let layer = layer().outage(Outage::new()).throttles(Throttles::Ignored);
    let (mut service, mut handle) = service(&layer);
    failures(1, &service, &mut handle).await;
    for call in 0..50 {
        let ignored = sent(&service, &mut handle).await;
        let throttled = sent(&service, &mut handle).await;
        let dropped = sent(&service, &mut handle).await;
        drop(service.call("never polled"));
        ignored.1.send_error("ignored");
        throttled.1.send_error("throttled");
        dropped.0.abort();
        for call in [ignored.0, throttled.0] {
            soon(call).await.expect("no panic").unwrap_err();
        }
        soon(dropped.0).await.unwrap_err();
        assert_eq!(layer.handle().state(), State::Closed, "after {call}");
        failures(1, &service, &mut handle).await;
    }
    advance(1).await;
    rejected(&service).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_is_dropped_counts_where_asked_to() {
    let layer = layer()
        .outage(Outage::new().failures(2).span(Duration::ZERO))
        .abandoned(Abandoned::Failure);
    let (service, mut handle) = service(&layer);
    for _ in 0..3 {
        assert_eq!(layer.handle().state(), State::Closed);
        let (call, _send) = sent(&service, &mut handle).await;
        tokio::time::advance(TENTH).await;
        call.abort();
        soon(call).await.unwrap_err();
    }
    advance(1).await;
    rejected(&service).await;
}

/// Fails before a call can be sent.
#[derive(Clone)]
struct NeverReady;

impl Service<&'static str> for NeverReady {
    type Response = Response;
    type Error = BoxError;
    type Future = Ready<Result<Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Err("failed".into()))
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn errors_of_readiness_open_it_as_other_failures_do() {
    let layer = layer();
    let service = layer.layer(NeverReady);
    let start = Instant::now();
    while layer.handle().state() == State::Closed {
        soon(service.clone().oneshot("call")).await.unwrap_err();
        tokio::time::advance(TENTH).await;
    }
    let opened = start.elapsed();
    assert!((5 * SECOND..6 * SECOND).contains(&opened), "{opened:?}");
}
