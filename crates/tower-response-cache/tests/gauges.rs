//! What is published of what a cache holds.
#![cfg(feature = "metrics")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString,
    Unit,
};
use support::cached;
use tokio_test::{assert_pending, assert_ready, task};
use tower_response_cache::Gauges;

#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Recorded, String);

impl Cell {
    fn set(&self, value: f64) {
        let mut recorded = self.0.0.lock().expect("nobody panics with it");
        recorded.insert(self.1.clone(), value);
    }
}

impl CounterFn for Cell {
    fn increment(&self, _: u64) {}

    fn absolute(&self, value: u64) {
        self.set(value as f64);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {}
    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        Cell::set(self, value);
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(Cell(self.clone(), key.name().to_owned())))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(Cell(self.clone(), key.name().to_owned())))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn what_is_held_and_what_is_under_way_are_gauges() {
    let recorded = Recorded::default();
    let (mut service, mut inner, handle) = cached();
    let gauges = Gauges::new(handle);
    let show = |names: [&str; 3]| {
        metrics::with_local_recorder(&recorded, || gauges.record());
        let recorded = recorded.0.lock().unwrap();
        names.map(|name| recorded[&format!("tower_response_cache_{name}")] as u64)
    };
    let mut first = task::spawn(service.call("a"));
    let mut joined = task::spawn(service.call("a"));
    assert_pending!(first.poll());
    assert_pending!(joined.poll());
    assert_eq!(show(["flights", "waiting", "entries"]), [1, 1, 0]);
    let std::task::Poll::Ready(Some((_, reply))) = inner.poll_request() else {
        panic!("no call");
    };
    reply.send_response("answer".to_owned());
    assert_ready!(first.poll()).unwrap();
    assert_ready!(joined.poll()).unwrap();
    assert_eq!(show(["flights", "waiting", "entries"]), [0, 0, 1]);
    assert_eq!(show(["stored_total", "refused_total", "weight"]), [1, 0, 1]);
}
