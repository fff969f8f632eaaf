//! What the end of a stream tells the circuit.

mod common;

use aws_sdk_bedrockruntime::{
    operation::converse_stream::ConverseStreamInput, types::ConverseStreamOutput as Event,
};
use bedrock_sim::{Fault, Simulator, StreamException};
use common::{bedrock, simulator, stream_prompt};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, Error, ErrorKind, EventStream, Request, StreamLimits, policy::CircuitPolicy,
};
use tower_circuit_breaker::{CircuitBreaker, Circuits, State, Window};

const SECOND: Duration = Duration::from_secs(1);
const KEY: &str = "us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0";

type Guarded = CircuitBreaker<Bedrock, CircuitPolicy, CircuitPolicy, Arc<str>>;

/// The leaf under circuits that open at three failures in a row.
fn guarded(sim: &Simulator) -> (Guarded, Circuits<Arc<str>>) {
    let limits = StreamLimits::new()
        .first_event(Some(SECOND))
        .next_event(Some(SECOND));
    let policy = CircuitPolicy::new("us-east-1").longest_answer(SECOND);
    let layer = policy.layer().consecutive_failures(3);
    let circuits = layer.circuits();
    (
        layer.layer(bedrock(sim).with_stream_limits(limits)),
        circuits,
    )
}

fn request() -> Request<ConverseStreamInput> {
    Request::new(stream_prompt("hello"))
}

async fn ask(service: &Guarded) -> Result<EventStream<Event>, Error> {
    let mut service = service.clone();
    let ready = ServiceExt::<Request<ConverseStreamInput>>::ready(&mut service).await?;
    ready.call(request()).await
}

async fn read(mut stream: EventStream<Event>) -> Result<(), Error> {
    while stream.recv().await?.is_some() {}
    Ok(())
}

fn state(circuits: &Circuits<Arc<str>>) -> State {
    circuits.handle(&KEY.into()).snapshot().state
}

#[tokio::test(start_paused = true)]
async fn streams_that_break_off_or_stall_open_the_circuit_and_whole_ones_between_do_not_let_them() {
    for fault in [
        Fault::stream_cut(),
        Fault::stream_corrupt(),
        Fault::connection_reset(),
        Fault::hang(),
        Fault::stream_exception(StreamException::InternalServer),
    ] {
        for whole in [true, false] {
            let sim = simulator();
            let (service, circuits) = guarded(&sim);
            for n in 0..3 {
                if whole && n == 2 {
                    assert!(read(ask(&service).await.unwrap()).await.is_ok());
                }
                sim.script([fault.clone().at(3)]);
                let error = read(ask(&service).await.unwrap()).await.unwrap_err();
                assert_eq!(error.events_delivered(), Some(3));
            }
            assert_eq!(state(&circuits) == State::Open, !whole, "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_models_fault_opens_nothing() {
    for fault in [
        Fault::stream_exception(StreamException::Throttling),
        Fault::stream_exception(StreamException::Validation),
        // It fails at this prompt, as a 424 says of a call.
        Fault::stream_exception(StreamException::ModelStreamError),
    ] {
        let sim = simulator();
        let (service, circuits) = guarded(&sim);
        for _ in 0..5 {
            sim.script([fault.clone().at(3)]);
            assert!(read(ask(&service).await.unwrap()).await.is_err());
        }
        assert_eq!(state(&circuits), State::Closed, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn readers_that_leave_open_nothing_and_lose_no_probe() {
    let sim = simulator();
    let (service, circuits) = guarded(&sim);
    for _ in 0..10 {
        let mut stream = ask(&service).await.unwrap();
        stream.recv().await.unwrap();
    }
    assert_eq!(state(&circuits), State::Closed);
    sim.script([Fault::stream_cut().at(3).times(3)]);
    for _ in 0..3 {
        assert!(read(ask(&service).await.unwrap()).await.is_err());
    }
    assert_eq!(
        ask(&service).await.unwrap_err().kind(),
        ErrorKind::CircuitOpen
    );
    // Each of these may be the probe, and its reader leaves.
    for _ in 0..20 {
        sleep(11 * SECOND).await;
        drop(ask(&service).await);
    }
    sleep(60 * SECOND).await;
    assert!(read(ask(&service).await.unwrap()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_break_before_the_first_event_is_a_failed_call() {
    for fault in [
        Fault::stream_cut(),
        Fault::hang(),
        Fault::stream_exception(StreamException::InternalServer),
        Fault::stream_exception(StreamException::ServiceUnavailable),
    ] {
        let sim = simulator();
        let (service, circuits) = guarded(&sim);
        sim.script([fault.clone().at(0).times(3)]);
        for _ in 0..3 {
            assert_eq!(state(&circuits), State::Closed, "{fault:?}");
            assert_eq!(ask(&service).await.unwrap_err().events_delivered(), None);
        }
        assert_eq!(state(&circuits), State::Open, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_as_slow_as_its_first_event() {
    for (pause, slow) in [(3 * SECOND, 2), (SECOND, 0)] {
        let sim = simulator();
        let layer = CircuitPolicy::new("us-east-1").layer();
        let layer = layer.slow_calls(2 * SECOND, 1.0, Window::calls(10).minimum(5));
        let circuits = layer.circuits();
        let service = layer.layer(bedrock(&sim));
        for _ in 0..2 {
            // The events together take longer than the threshold either way.
            sim.script([Fault::slow_body(pause)]);
            assert!(read(ask(&service).await.unwrap()).await.is_ok());
        }
        let counted = circuits.handle(&KEY.into()).snapshot();
        assert_eq!((counted.timed_calls, counted.slow_calls), (2, slow));
    }
}
