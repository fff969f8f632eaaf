//! What events and metrics say: causes and counts, never requests or results.

mod support;

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use support::{Req, plain_layer, soon};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_backoff::Backoff;
use tracing::{Event, Subscriber, field, span};

/// Fails twice, the second time with a secret in its message.
fn twice_failing() -> impl Fn(Req) -> std::future::Ready<Result<Req, BoxError>> + Clone {
    let calls = Arc::new(AtomicU64::new(0));
    move |_| {
        std::future::ready(match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err("throttled".into()),
            _ => Err("transient secret".into()),
        })
    }
}

async fn one_retry_that_fails() {
    let layer = plain_layer()
        .throttled(
            Backoff::new(Duration::from_secs(3), Duration::from_secs(3))
                .jitter(tower_backoff::Jitter::None),
        )
        .max_attempts(2)
        .name("tests");
    let service = layer.layer(service_fn(twice_failing()));
    let failed = soon(service.oneshot("secret")).await;
    assert!(failed.is_err());
}

#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

/// The whole seconds that a histogram was told of.
struct Sum(Arc<AtomicU64>);

impl HistogramFn for Sum {
    fn record(&self, value: f64) {
        self.0.fetch_add(value as u64, Ordering::Relaxed);
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counts = self.0.lock().expect("not poisoned");
        let count = counts.entry(key.to_string()).or_default();
        Counter::from_arc(Arc::clone(count))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut counts = self.0.lock().expect("not poisoned");
        let sum = counts.entry(key.to_string()).or_default();
        Histogram::from_arc(Arc::new(Sum(Arc::clone(sum))))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn attempts_are_counted_by_outcome() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    // An event first met on a thread that nobody listens on would be off for the other test, too.
    let _listening = tracing::subscriber::set_default(Lines::default());
    one_retry_that_fails().await;
    let counts = counts.0.lock().unwrap();
    let shown: Vec<_> = counts
        .iter()
        .map(|(key, count)| format!("{key} {}", count.load(Ordering::Relaxed)))
        .collect();
    assert_eq!(
        shown,
        [
            "Key(tower_backoff_attempts_total, [name = tests, outcome = throttled]) 1",
            "Key(tower_backoff_attempts_total, [name = tests, outcome = transient]) 1",
            "Key(tower_backoff_gave_up_total, [name = tests, cause = attempts]) 1",
            "Key(tower_backoff_retries_total, [name = tests, cause = throttled]) 1",
            "Key(tower_backoff_wait_seconds, [name = tests, cause = throttled]) 3",
        ]
    );
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl field::Visit for Line {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").expect("strings take all");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("tower_backoff")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().expect("not poisoned").push(line.0);
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_retry_is_an_event_without_content() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    one_retry_that_fails().await;
    let lines = lines.0.lock().unwrap();
    assert_eq!(
        *lines,
        [
            r#"message=retrying name="tests" cause="throttled" attempts=1 wait_ms=3000 "#,
            r#"message=gave up name="tests" cause="attempts" attempts=2 "#,
        ]
    );
}
