//! One feature of this crate turns on the telemetry of every layer.

mod common;

use bedrock_sim::Fault;
use common::{MODEL, bedrock, prompt, simulator};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tower::{Layer, ServiceExt};
use tower_bedrock::{ErrorKind, StackLayer};
use tracing::{Event, Subscriber, span};

const LAYERS: [&str; 4] = [
    "tower_backoff",
    "tower_circuit_breaker",
    "tower_quota",
    "tower_response_cache",
];

/// The crates that said something.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeSet<String>>>);

impl Heard {
    fn note(&self, name: &str) {
        let layer = LAYERS.iter().find(|layer| name.starts_with(*layer));
        let name = layer.map_or(name, |layer| *layer);
        let mut heard = self.0.lock().expect("nobody panics with it");
        heard.insert(name.to_owned());
    }

    fn all(&self) -> Vec<String> {
        let heard = self.0.lock().expect("nobody panics with it");
        heard.iter().cloned().collect()
    }
}

impl Recorder for Heard {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.note(key.name());
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.note(key.name());
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.note(key.name());
        Histogram::noop()
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata().target());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_layer_of_the_stack_counts_and_logs() {
    let (metrics, events) = (Heard::default(), Heard::default());
    let _recorder = metrics::set_default_local_recorder(&metrics);
    let _subscriber = tracing::subscriber::set_default(events.clone());

    let sim = simulator();
    let layer = StackLayer::new("us-east-1");
    let circuits = layer.handle().circuits();
    let stack = layer.layer(bedrock(&sim));
    // A retry, a hit, and a circuit that opens.
    sim.script([Fault::throttling()]);
    for _ in 0..2 {
        stack.clone().oneshot(prompt("a").into()).await.unwrap();
    }
    circuits
        .handle(&format!("us-east-1/{MODEL}").into())
        .force_open();
    let error = stack.oneshot(prompt("b").into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);

    for (heard, what) in [(metrics.all(), "metrics"), (events.all(), "events")] {
        for layer in LAYERS {
            assert!(
                heard.iter().any(|name| name == layer),
                "{what} of {layer}: {heard:?}"
            );
        }
    }
}
