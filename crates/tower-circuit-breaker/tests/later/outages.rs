//! When a circuit opens and closes that stands in front of streams.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_circuit_breaker::{CircuitBreakerLayer, Outage, State, Verdict};

use crate::stream::{ByEnd, Fault, Stream, begun, failed};
use crate::support::{SECOND, advance};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn long_streams_that_begin_well_keep_the_circuit_closed_among_failures() {
    let layer = CircuitBreakerLayer::new(ByEnd).outage(Outage::new());
    let circuit = layer.handle();
    let mut streams = Vec::new();
    // No stream ends within these five minutes, and twenty times as many calls fail as begin.
    for second in 0..300 {
        for _ in 0..20 {
            failed(&layer).await;
        }
        streams.push(begun(&layer).await);
        assert_eq!(circuit.state(), State::Closed, "{second}");
        advance(1).await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_service_whose_every_stream_breaks_is_down() {
    let layer = CircuitBreakerLayer::new(ByEnd).outage(Outage::new());
    let circuit = layer.handle();
    let start = Instant::now();
    while circuit.state() == State::Closed {
        let stream = begun(&layer).await;
        advance(1).await;
        stream.end(Verdict::Failure);
        assert!(start.elapsed() < 100 * SECOND, "it stays closed");
    }
    assert_eq!(start.elapsed(), 61 * SECOND);
    // One in a hundred that comes to a good end is enough.
    circuit.reset();
    for n in 0..1_000 {
        let stream = begun(&layer).await;
        advance(1).await;
        let ends_well = n % 50 == 49;
        stream.end(if ends_well {
            Verdict::Success
        } else {
            Verdict::Failure
        });
    }
    assert_eq!(circuit.state(), State::Closed);
}

/// How long after an outage of two minutes the circuit has closed, and the service has its full load
/// again, where each response goes on for so long.
async fn recovery(goes_on: Duration) -> [Duration; 2] {
    const CALLERS: usize = 50;
    let start = Instant::now();
    let up = start + 120 * SECOND;
    let service = service_fn(move |()| async move {
        sleep(SECOND).await;
        match Instant::now() < up {
            true => Err(Fault::Down),
            false => Ok::<_, Fault>(Stream::new()),
        }
    });
    let layer = CircuitBreakerLayer::new(ByEnd).seed(7);
    let circuit = layer.handle();
    let service = layer.layer(service);
    for _ in 0..CALLERS {
        let service = service.clone();
        tokio::spawn(async move {
            loop {
                // A caller for each half second, whether its stream goes on or not.
                let call = service.clone().oneshot(());
                tokio::spawn(async move {
                    if let Ok(stream) = call.await {
                        sleep(goes_on).await;
                        stream.end(Verdict::Success);
                    }
                });
                sleep(SECOND / 2).await;
            }
        });
    }
    sleep(119 * SECOND).await;
    assert_eq!(circuit.state(), State::Open);
    let mut closed = None;
    loop {
        sleep(SECOND / 10).await;
        let snapshot = circuit.snapshot();
        assert!(up.elapsed() < 3_600 * SECOND, "it never closes");
        if snapshot.state == State::Closed {
            let closed = *closed.get_or_insert(up.elapsed());
            if snapshot.ramping.is_none() {
                return [closed, up.elapsed()];
            }
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_circuit_closes_as_soon_where_all_responses_go_on_for_minutes() {
    let plain = recovery(Duration::ZERO).await;
    let streams = recovery(600 * SECOND).await;
    assert!(plain[1] < 30 * SECOND, "{plain:?}");
    assert_eq!(streams, plain);
}
