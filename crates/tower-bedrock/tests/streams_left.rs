//! Readers that leave at each event of a stream, under the whole stack: no reservation, no probe and
//! no flight stays behind, wherever the stream is dropped.

mod common;
#[path = "common/kept.rs"]
mod kept;

use aws_sdk_bedrockruntime::types::ConverseStreamOutput as Event;
use bedrock_sim::{Fault, Simulator};
use common::{bedrock, simulator};
use kept::{KEY, MIB, admitted, policy, request, rest};
use std::{sync::Arc, thread, time::Duration};
use tokio::{runtime, time::sleep};
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, EventStream, Stack, StackLayer, policy::CircuitPolicy};
use tower_circuit_breaker::{Circuits, State};
use tower_quota::Snapshot;

const SECOND: Duration = Duration::from_secs(1);

/// A stack with a cache, a quota, and a circuit that opens at two failures and is open for a second.
struct Whole {
    sim: Simulator,
    stack: Stack,
    circuits: Circuits<Arc<str>>,
    quota: tower_quota::Handle<Arc<str>>,
}

impl Whole {
    fn new() -> Self {
        Self::around(simulator(), |leaf| leaf)
    }

    fn around(sim: Simulator, leaf: impl FnOnce(Bedrock) -> Bedrock) -> Self {
        let breaker = CircuitPolicy::new("us-east-1").layer();
        let layer = StackLayer::new("us-east-1")
            .cache(policy().layer(64 * MIB))
            .circuit_breaker(
                breaker
                    .consecutive_failures(2)
                    .open_for(SECOND, SECOND)
                    .ramp(Duration::ZERO),
            );
        Self {
            circuits: layer.handle().circuits(),
            quota: layer.handle().quota(),
            stack: layer.layer(leaf(bedrock(&sim))),
            sim,
        }
    }

    /// The stream of a call that nobody has made before, or that all have left.
    async fn begin(&self) -> EventStream<Event> {
        let before = admitted(&self.sim);
        let call = self.stack.clone().oneshot(request());
        let stream = call.await.expect("the simulator answers");
        assert_eq!(stream.meta().cache(), Some(CacheStatus::Miss));
        assert_eq!(admitted(&self.sim), before + 1, "it joined nothing");
        stream
    }

    async fn begin_and_read(&self, events: usize) -> EventStream<Event> {
        let mut stream = self.begin().await;
        for _ in 0..events {
            let event = stream.recv().await;
            assert!(event.is_ok_and(|event| event.is_some()));
        }
        stream
    }

    fn ledger(&self) -> Snapshot {
        self.quota.snapshot(&KEY.into()).expect("it was called")
    }

    fn circuit(&self) -> tower_circuit_breaker::Snapshot {
        self.circuits.handle(&KEY.into()).snapshot()
    }
}

/// How many events a whole stream has.
async fn events() -> usize {
    let (events, error) = rest(&mut Whole::new().begin().await).await;
    assert!(error.is_none());
    events.len()
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_reader_leaves_at_any_event_is_not_lost() {
    for at in 0..events().await {
        let whole = Whole::new();
        whole.sim.script([Fault::stream_cut().at(2).times(2)]);
        for _ in 0..2 {
            assert!(rest(&mut whole.begin().await).await.1.is_some());
        }
        assert_eq!(whole.circuit().state, State::Open);
        sleep(2 * SECOND).await;
        let used = whole.ledger().total_used;
        let probe = whole.begin_and_read(at).await;
        let reserved = whole.ledger().pending_tokens;
        drop(probe);
        assert_eq!(whole.circuit().probes, 0, "at {at}");
        let ledger = whole.ledger();
        assert_eq!(
            (
                ledger.pending_calls,
                ledger.pending_tokens,
                ledger.total_used
            ),
            (0, 0, used + reserved),
            "at {at}"
        );
        // The next one is let through, on its own flight, and closes the circuit.
        sleep(2 * SECOND).await;
        assert!(rest(&mut whole.begin().await).await.1.is_none());
        assert_eq!(whole.circuit().state, State::Closed, "at {at}");
    }
}

#[tokio::test]
async fn a_stream_dropped_on_another_thread_or_runtime_leaves_nothing_behind() {
    for with_runtime in [false, true] {
        let whole = Whole::new();
        for at in 0..events().await {
            let used = whole.begin_and_read(at).await;
            let left = thread::spawn(move || {
                let other = runtime::Builder::new_current_thread().build().unwrap();
                let _entered = with_runtime.then(|| other.enter());
                drop(used);
            });
            left.join().unwrap();
            let ledger = whole.ledger();
            assert_eq!((ledger.pending_calls, ledger.pending_tokens), (0, 0));
        }
        assert!(rest(&mut whole.begin().await).await.1.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_at_any_event_is_read_to_its_end_in_the_background() {
    let read = |leaf: Bedrock| leaf.with_dropped_streams_read(600 * SECOND);
    for at in 0..events().await {
        let whole = Whole::around(simulator(), read);
        whole.sim.script([Fault::slow_body(SECOND)]);
        drop(whole.begin_and_read(at).await);
        sleep(700 * SECOND).await;
        let ledger = whole.ledger();
        let theirs = whole.sim.usage();
        let settled = theirs.model(common::MODEL).unwrap().settled;
        assert_eq!(
            (ledger.pending_calls, ledger.total_used),
            (0, settled),
            "at {at}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_in_the_background_ends_at_its_bound() {
    let read = |leaf: Bedrock| leaf.with_dropped_streams_read(SECOND / 2);
    for at in 0..events().await - 1 {
        let whole = Whole::around(simulator(), read);
        whole.sim.script([Fault::hang().at(at as u64 + 1)]);
        let stream = whole.begin_and_read(at).await;
        let reserved = whole.ledger().pending_tokens;
        drop(stream);
        assert_eq!(whole.ledger().pending_calls, 1, "at {at}");
        sleep(SECOND).await;
        let ledger = whole.ledger();
        assert_eq!(
            (ledger.pending_calls, ledger.total_used),
            (0, reserved),
            "at {at}"
        );
        assert_eq!(whole.circuit().failures, 0);
    }
}
