//! What the `metrics` feature publishes.
#![cfg(feature = "metrics")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use support::{one_an_hour, rejected, soon, tokens};
use tower::{BoxError, Layer, ServiceExt, service_fn};

#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, u64>>>);

struct Cell(Recorded, String);

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        *self
            .0
            .0
            .lock()
            .expect("nobody panics with it")
            .entry(self.1.clone())
            .or_default() += value;
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Counter::from_arc(Arc::new(Cell(self.clone(), name)))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn admissions_rejections_and_throttles_are_counted_by_name() {
    let recorded = Recorded::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorded, || {
        runtime.block_on(async {
            let layer = one_an_hour().name("model").max_queue(0).max_keys(1);
            let service = layer.layer(service_fn(|request: support::Request| async move {
                match request.name {
                    0 => Ok("fine"),
                    _ => Err::<_, BoxError>("exhausted".into()),
                }
            }));
            soon(service.clone().oneshot(tokens(0))).await.unwrap();
            rejected(soon(service.clone().oneshot(tokens(0))).await);
            tokio::time::advance(support::HOUR).await;
            let request = support::Request {
                name: 1,
                ..tokens(0)
            };
            soon(service.clone().oneshot(request)).await.unwrap_err();
            for key in ["late", "later"] {
                let request = support::Request { key, ..tokens(0) };
                _ = soon(service.clone().oneshot(request)).await;
            }
        });
    });
    let recorded = recorded.0.lock().unwrap();
    let expected = [
        ("tower_quota_admitted_total model", 3),
        ("tower_quota_overflowed_total model", 2),
        ("tower_quota_rejected_total model queue_full", 2),
        ("tower_quota_throttled_total model exhausted", 1),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(*recorded, BTreeMap::from(expected));
}
