//! A service that is not ready while its circuit is open.

mod support;

use std::task::Poll;

use futures_util::future::poll_immediate;
use support::{Request, SECOND, advance, answered, layer, service, soon};
use tokio::time::Instant;
use tower::{BoxError, Service, ServiceExt};
use tower_circuit_breaker::{Open, State};

fn is_ready<S: Service<Request, Error = BoxError>>(service: &mut S) -> bool {
    let waker = std::task::Waker::noop();
    match service.poll_ready(&mut std::task::Context::from_waker(waker)) {
        Poll::Ready(ready) => ready.is_ok(),
        Poll::Pending => false,
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_becomes_ready_as_the_open_time_ends() {
    let layer = layer().consecutive_failures(1).not_ready_while_open(true);
    let (mut service, mut handle) = service(&layer);
    assert!(is_ready(&mut service));
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    let open = rejected_unasked(&service).await.retry_after();
    let start = Instant::now();
    soon(service.ready()).await.unwrap();
    let waited = start.elapsed();
    assert!(
        waited >= open && waited <= open + SECOND / 100,
        "{waited:?}"
    );
    assert_eq!(layer.handle().state(), State::HalfOpen);
    // It waited and was not rejected.
    assert_eq!(layer.handle().snapshot().rejections, 1);
    let probe = tokio::spawn(service.call("probe"));
    let (_, send) = soon(handle.next_request()).await.expect("the probe comes");
    send.send_response("fine");
    soon(probe).await.expect("no panic").unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

/// A call of a clone that nobody made ready.
async fn rejected_unasked<S>(service: &S) -> Open
where
    S: Service<Request, Error = BoxError> + Clone,
    S::Response: std::fmt::Debug,
{
    let error = soon(service.clone().call("call")).await;
    let error = error.expect_err("an open circuit rejects");
    *error.downcast().expect("the rejection is `Open`")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_becomes_ready_as_the_circuit_is_closed_by_hand() {
    let layer = layer().not_ready_while_open(true);
    let (service, _handle) = service(&layer);
    let circuit = layer.handle();
    let close: [fn(&tower_circuit_breaker::Handle); 2] = [|c| c.force_closed(), |c| c.reset()];
    for close in close {
        for open in [None, Some(3600 * SECOND)] {
            open.map_or_else(|| circuit.force_open(), |time| circuit.force_open_for(time));
            let mut clone = service.clone();
            let start = Instant::now();
            let ready = tokio::spawn(async move { clone.ready().await.is_ok() });
            advance(100).await;
            assert!(!ready.is_finished());
            close(&circuit);
            assert!(soon(ready).await.unwrap());
            assert_eq!(start.elapsed(), 100 * SECOND);
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn as_many_are_ready_as_there_are_places_and_the_next_one_once_a_place_is_given_back() {
    let layer = layer().probes(2).not_ready_while_open(true);
    let (service, mut handle) = service(&layer);
    layer.handle().force_open_for(SECOND);
    let mut three = [service.clone(), service.clone(), service.clone()];
    advance(1).await;
    let [one, two, three] = &mut three;
    assert!(is_ready(one) && is_ready(two) && !is_ready(three));
    assert!(
        is_ready(one) && !is_ready(three),
        "ready twice is one place"
    );
    assert_eq!(layer.handle().snapshot().probes, 2);

    // A clone does not inherit the leave.
    let mut clone = one.clone();
    assert!(!is_ready(&mut clone));
    rejected_unasked(&clone).await;

    // The answer of a probe that says nothing gives its place back, and wakes who waits.
    let waits = three.clone();
    let third = tokio::spawn(async move { waits.ready_oneshot().await.is_ok() });
    tokio::task::yield_now().await;
    let probe = tokio::spawn(one.call("probe"));
    let (_, send) = soon(handle.next_request()).await.expect("the probe comes");
    send.send_error("ignored");
    soon(probe).await.expect("no panic").unwrap_err();
    assert!(soon(third).await.unwrap());
    drop(clone);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_ready_service_that_is_dropped_gives_its_place_back() {
    let layer = layer().not_ready_while_open(true);
    let (service, mut handle) = service(&layer);
    layer.handle().force_open_for(SECOND);
    advance(1).await;
    let mut ready = service.clone();
    assert!(is_ready(&mut ready));
    let mut waits = service.clone();
    let start = Instant::now();
    let second =
        tokio::spawn(async move { waits.ready().await.is_ok() && start.elapsed() < SECOND });
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    drop(ready);
    assert!(soon(second).await.unwrap());
    // And it too was dropped by then.
    assert_eq!(layer.handle().snapshot().probes, 0);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_that_is_ready_for_ever_keeps_the_others_out_no_longer_than_a_lease() {
    let layer = layer().probe_lease(20 * SECOND).not_ready_while_open(true);
    let (service, _handle) = service(&layer);
    layer.handle().force_open_for(SECOND);
    let mut idle = service.clone();
    soon(idle.ready()).await.unwrap();
    let start = Instant::now();
    soon(service.clone().ready()).await.unwrap();
    let waited = start.elapsed();
    assert!(waited >= 20 * SECOND && waited < 21 * SECOND, "{waited:?}");
    drop(idle);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_leave_whose_place_another_one_took_is_none() {
    let layer = layer().not_ready_while_open(true);
    let (mut service, _handle) = service(&layer);
    layer.handle().force_open_for(SECOND);
    soon(service.ready()).await.unwrap();
    let mut other = service.clone();
    soon(other.ready()).await.unwrap();
    let error = soon(service.call("call")).await.unwrap_err();
    assert!(error.is::<Open>());
    assert!(!is_ready(&mut service));
    assert!(is_ready(&mut other));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_leave_of_before_the_circuit_changed_is_none() {
    let layer = layer().not_ready_while_open(true);
    let (mut service, mut handle) = service(&layer);
    let circuit = layer.handle();
    circuit.force_open_for(SECOND);
    advance(1).await;
    assert!(is_ready(&mut service));
    circuit.force_open();
    assert!(!is_ready(&mut service));
    let error = soon(service.call("call")).await.unwrap_err();
    assert!(error.is::<Open>());

    circuit.force_open_for(SECOND);
    advance(1).await;
    assert!(is_ready(&mut service));
    circuit.force_open();
    let error = soon(service.call("call")).await.unwrap_err();
    assert!(error.is::<Open>(), "it changed between ready and call");

    circuit.reset();
    assert!(is_ready(&mut service));
    answered(&service, &mut handle, "fine").await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiting_is_given_up_without_a_trace() {
    let layer = layer().not_ready_while_open(true);
    let (service, mut handle) = service(&layer);
    layer.handle().force_open_for(SECOND);
    let mut waits = service.clone();
    assert!(poll_immediate(waits.ready()).await.is_none());
    drop(waits);
    advance(1).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(layer.handle().snapshot().rejections, 0);
}

#[test]
#[should_panic(expected = "`not_ready_while_open` is for a single circuit")]
fn it_is_for_a_single_circuit() {
    let _ = layer()
        .not_ready_while_open(true)
        .key_by(|request: &Request| *request);
}
