//! Retries outside of the circuit: each attempt asks it, and waits as long as it says.

mod support;

use std::time::Duration;

use support::{Handle, Request, Response, SECOND, layer, service, soon};
use tokio::time::{Instant, Sleep, sleep};
use tower::retry::{Policy, RetryLayer};
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_backoff::{Backoff, BackoffLayer, Verdict};
use tower_circuit_breaker::{Open, State};

/// How long a result asks to wait before the next attempt: an open circuit says it.
fn wait(result: &Result<Response, BoxError>) -> Option<Duration> {
    let error = result.as_ref().err()?;
    let open = error.downcast_ref::<Open>();
    Some(open.map_or(Duration::ZERO, Open::retry_after))
}

#[derive(Clone)]
struct WaitForTheCircuit;

impl Policy<Request, Response, BoxError> for WaitForTheCircuit {
    type Future = Sleep;

    fn retry(&mut self, _: &mut Request, result: &mut Result<Response, BoxError>) -> Option<Sleep> {
        wait(result).map(sleep)
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        Some(request)
    }
}

/// One call whose first attempt trips the circuit, whose second is rejected and whose third, the
/// probe, closes it.
async fn rides_out_an_open_circuit<L, S>(retry: L)
where
    L: Layer<support::Layered<support::Classifier, Key, Key>, Service = S>,
    S: Service<Request, Response = Response, Error = BoxError>,
{
    let breaker = layer().consecutive_failures(1).open_for(SECOND, SECOND);
    let circuit = breaker.handle();
    let (service, mut handle) = service(&breaker);
    let start = Instant::now();
    let serve = async {
        next(&mut handle).await.send_error("failed");
        let probe = next(&mut handle).await;
        assert_eq!(circuit.state(), State::HalfOpen);
        probe.send_response("fine");
    };
    let call = retry.layer(service).oneshot("call");
    let (answer, ()) = soon(async { tokio::join!(call, serve) }).await;
    assert_eq!(answer.expect("the probe succeeds"), "fine");
    assert_eq!(circuit.state(), State::Closed);
    assert!(start.elapsed() >= SECOND / 2);
    assert!(start.elapsed() < 2 * SECOND);
}

type Key = tower_circuit_breaker::SingleCircuit;

async fn next(handle: &mut Handle) -> tower_test::mock::SendResponse<Response> {
    handle.next_request().await.expect("the call comes").1
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn towers_retry_can_wait_for_the_circuit() {
    rides_out_an_open_circuit(RetryLayer::new(WaitForTheCircuit)).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn backoff_can_wait_for_the_circuit() {
    let classify = |result: &Result<Response, BoxError>| match wait(result) {
        None => Verdict::Done,
        Some(hint) => Verdict::transient().after(hint),
    };
    let at_once = Backoff::new(Duration::ZERO, Duration::ZERO);
    rides_out_an_open_circuit(BackoffLayer::new(classify).transient(at_once)).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn backoff_can_fail_fast_while_the_circuit_is_open() {
    let classify = |result: &Result<Response, BoxError>| match result {
        Err(error) if !error.is::<Open>() => Verdict::transient(),
        _ => Verdict::Done,
    };
    let breaker = layer().consecutive_failures(2);
    let (service, mut handle) = service(&breaker);
    let at_once = Backoff::new(Duration::ZERO, Duration::ZERO);
    let retry = BackoffLayer::new(classify).transient(at_once);
    let serve = async {
        next(&mut handle).await.send_error("failed");
        next(&mut handle).await.send_error("failed");
    };
    let call = retry.layer(service).oneshot("call");
    let (answer, ()) = soon(async { tokio::join!(call, serve) }).await;
    assert!(answer.unwrap_err().is::<Open>());
    // Two that failed, and the one that was rejected.
    assert_eq!(retry.handle().snapshot().attempts, 3);
}
