//! Retries outside of the circuit: each attempt asks it, and waits as long as it says.

mod support;

use std::time::Duration;

use support::{Handle, Request, Response, SECOND, layer, service, soon};
use tokio::time::{Instant, Sleep, sleep};
use tower::retry::{Policy, RetryLayer};
use tower::{BoxError, Layer, ServiceExt};
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

async fn next(handle: &mut Handle) -> tower_test::mock::SendResponse<Response> {
    handle.next_request().await.expect("the call comes").1
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn towers_retry_can_wait_for_the_circuit() {
    let breaker = layer().consecutive_failures(1).open_for(SECOND, SECOND);
    let circuit = breaker.handle();
    let (service, mut handle) = service(&breaker);
    let start = Instant::now();
    // The first attempt trips the circuit, the second is rejected, the third, the probe, closes it.
    let serve = async {
        next(&mut handle).await.send_error("failed");
        let probe = next(&mut handle).await;
        assert_eq!(circuit.state(), State::HalfOpen);
        probe.send_response("fine");
    };
    let call = RetryLayer::new(WaitForTheCircuit)
        .layer(service)
        .oneshot("call");
    let (answer, ()) = soon(async { tokio::join!(call, serve) }).await;
    assert_eq!(answer.expect("the probe succeeds"), "fine");
    assert_eq!(circuit.state(), State::Closed);
    assert!(start.elapsed() >= SECOND / 2);
    assert!(start.elapsed() < 2 * SECOND);
}
