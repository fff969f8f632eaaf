//! What is published of the keys, and of how many.
#![cfg(feature = "metrics")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use support::{Layered, soon, tokens};
use tokio::time::advance;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_quota::{Gauges, Handle, Limit};

#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Recorded, String);

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {}
    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        let mut recorded = self.0.0.lock().expect("nobody panics with it");
        recorded.insert(self.1.clone(), value);
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Gauge::from_arc(Arc::new(Cell(self.clone(), name)))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

impl Recorded {
    fn get(&self, name: &str) -> Option<f64> {
        let recorded = self.0.lock().expect("nobody panics with it");
        recorded.get(&format!("tower_quota_{name}")).copied()
    }
}

fn layer() -> Layered {
    let limits = [Limit::calls_per_minute(10), Limit::tokens_per_day(1000)];
    support::layer(limits).name("model")
}

async fn call(layer: &Layered, key: &'static str, amount: u64) {
    let service = layer.layer(service_fn(|_: support::Request| async {
        Ok::<_, BoxError>("fine")
    }));
    let request = support::Request {
        key,
        ..tokens(amount)
    };
    soon(service.oneshot(request)).await.expect("it fits");
}

fn gauges(handle: Handle<&'static str>, keys: usize) -> (Recorded, impl Fn()) {
    let (recorded, gauges) = (Recorded::default(), Gauges::new(handle, keys));
    let recorder = recorded.clone();
    (recorded, move || {
        metrics::with_local_recorder(&recorder, || gauges.record());
    })
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_limit_of_a_key_has_gauges() {
    let layer = layer();
    let (recorded, record) = gauges(layer.handle(), 10);
    call(&layer, "a", 30).await;
    record();
    for (name, value) in [
        ("used model a calls 60s", 1.0),
        ("limit model a calls 60s", 10.0),
        ("headroom model a calls 60s", 9.0),
        ("used model a tokens 86400s", 30.0),
        ("limit model a tokens 86400s", 1000.0),
        ("queued_calls model a", 0.0),
        ("pending_calls model a", 0.0),
        ("share model a", 1.0),
        ("left model a", 0.9),
        ("keys model", 1.0),
    ] {
        assert_eq!(recorded.get(name), Some(value), "{name}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_first_keys_have_gauges_and_keep_them_and_no_other_key_gets_any() {
    let layer = layer();
    let (recorded, record) = gauges(layer.handle(), 1);
    call(&layer, "a", 1).await;
    record();
    call(&layer, "b", 1).await;
    call(&layer, "a", 1).await;
    record();
    assert_eq!(recorded.get("used model a calls 60s"), Some(2.0));
    assert_eq!(recorded.get("used model b calls 60s"), None);
    assert_eq!(recorded.get("keys model"), Some(2.0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_key_that_is_forgotten_and_a_limit_that_is_gone_use_nothing() {
    let layer = layer().max_idle_keys(1);
    let handle = layer.handle();
    let (recorded, record) = gauges(handle.clone(), 10);
    call(&layer, "a", 30).await;
    record();
    handle.set_limits(&"a", Limit::tokens_per_day(1000));
    record();
    assert_eq!(recorded.get("used model a calls 60s"), Some(0.0));
    assert_eq!(recorded.get("used model a tokens 86400s"), Some(30.0));
    advance(Duration::from_secs(3 * 86_400)).await;
    call(&layer, "b", 30).await;
    call(&layer, "c", 30).await;
    assert_eq!(handle.snapshot(&"a"), None);
    record();
    assert_eq!(recorded.get("used model a tokens 86400s"), Some(0.0));
    assert_eq!(recorded.get("left model a"), Some(1.0));
}
