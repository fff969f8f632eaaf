//! What the `metrics` feature publishes.
#![cfg(feature = "metrics")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString,
    Unit,
};
use support::{advance, answered, layer, rejected, service};
use tower_circuit_breaker::Gauges;

#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Recorded, String);

impl Recorded {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::new(Cell(self.clone(), name))
    }

    fn get(&self, name: &str) -> Option<f64> {
        self.0
            .lock()
            .expect("no test panics while it holds the lock")
            .get(name)
            .copied()
    }
}

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        *self
            .0
            .0
            .lock()
            .expect("no test panics while it holds the lock")
            .entry(self.1.clone())
            .or_default() += value as f64;
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.0
            .0
            .lock()
            .expect("no test panics while it holds the lock")
            .insert(self.1.clone(), value);
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_first_keys_have_gauges_of_their_state_and_why_and_keep_them() {
    let recorded = Recorded::default();
    let guard = metrics::set_default_local_recorder(&recorded);
    let get = |name: &str| recorded.get(&format!("tower_circuit_breaker_{name}"));
    let layer = layer()
        .key_by(|request: &&'static str| *request)
        .consecutive_failures(1)
        .name("models");
    let gauges = Gauges::new(layer.circuits(), 1);
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    gauges.record();
    assert_eq!(get("state models call"), Some(2.0));
    assert_eq!(get("open models call consecutive_failures"), Some(1.0));
    let circuit = layer.circuits().handle(&"call");
    circuit.force_open();
    layer.circuits().handle(&"other").force_open();
    gauges.record();
    assert_eq!(get("open models call consecutive_failures"), Some(0.0));
    assert_eq!(get("open models call forced"), Some(1.0));
    circuit.reset();
    gauges.record();
    assert_eq!(get("state models call"), Some(0.0));
    assert_eq!(get("open models call forced"), Some(0.0));
    assert_eq!(get("state models other"), None);
    assert_eq!(get("keys models"), Some(2.0));
    drop(guard);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn to_look_at_circuits_is_no_use_of_them() {
    let layer = layer()
        .key_by(|request: &&'static str| *request)
        .max_idle_keys(2);
    let circuits = layer.circuits();
    let gauges = Gauges::new(circuits.clone(), 10);
    for key in ["a", "b"] {
        _ = circuits.handle(&key);
    }
    gauges.record();
    _ = circuits.handle(&"b");
    _ = circuits.handle(&"c");
    let mut keys = circuits.keys();
    keys.sort_unstable();
    assert_eq!(keys, ["b", "c"]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_state_gauge_shows_exactly_one_state() {
    let recorded = Recorded::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let state = || recorded.get("tower_circuit_breaker_state models");
    let layer = layer().consecutive_failures(1).name("models");
    let (service, mut handle) = service(&layer);
    assert_eq!(layer.handle().snapshot().rejections, 0);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(state(), Some(0.0));
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(state(), Some(2.0));
    rejected(&service).await;
    advance(5).await;
    let probe = tower::Service::call(&mut service.clone(), "probe");
    assert_eq!(state(), Some(1.0));
    drop(probe);
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(state(), Some(0.0));

    let transitions = |label| {
        recorded.get(&format!(
            "tower_circuit_breaker_transitions_total models {label}"
        ))
    };
    assert_eq!(transitions("closed open"), Some(1.0));
    assert_eq!(transitions("open half_open"), Some(1.0));
    assert_eq!(transitions("half_open closed"), Some(1.0));
    let rejections = recorded.get("tower_circuit_breaker_rejected_total models");
    assert_eq!(rejections, Some(1.0));
    let opened = recorded.get("tower_circuit_breaker_opened_total models consecutive_failures");
    assert_eq!(opened, Some(1.0));
}
