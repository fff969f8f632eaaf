//! The counter of requests, by layer and by result.

mod support;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use support::{Words, cached};
use tokio_test::{assert_pending, assert_ready, task};
use tower_response_cache::ResponseCacheLayer;
use tower_test::mock;

type Counts = Arc<Mutex<BTreeMap<String, u64>>>;

#[derive(Default)]
struct Recording(Counts);

struct Cell(String, Counts);

impl CounterFn for Cell {
    fn increment(&self, by: u64) {
        *self
            .1
            .lock()
            .expect("no panic")
            .entry(self.0.clone())
            .or_default() += by;
    }

    fn absolute(&self, _: u64) {
        unreachable!("requests are counted one by one")
    }
}

impl Recorder for Recording {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key
            .labels()
            .map(|l| format!("{}={}", l.key(), l.value()))
            .collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Counter::from_arc(Arc::new(Cell(name, Arc::clone(&self.0))))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn each_layer_counts_under_its_name() {
    let recorder = Recording::default();
    metrics::with_local_recorder(&recorder, || {
        for name in ["answers", "embeddings"] {
            let layer = ResponseCacheLayer::new(Words, 10).name(name);
            let (mut service, mut inner) = mock::spawn_layer(layer);
            assert!(service.poll_ready().is_ready());
            let mut call = task::spawn(service.call("a"));
            assert_pending!(call.poll());
            drop((call, inner.poll_request()));
        }
    });
    let counts = recorder.0.lock().unwrap();
    let names: Vec<_> = counts.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "tower_response_cache_requests_total{name=answers,result=miss}",
            "tower_response_cache_requests_total{name=embeddings,result=miss}",
        ]
    );
}

#[cfg(feature = "http")]
#[test]
fn a_cache_of_http_counts_under_its_name() {
    use http::{Request, Response};
    use http_body_util::Empty;
    use tower::{Layer, Service, service_fn};

    let recorder = Recording::default();
    metrics::with_local_recorder(&recorder, || {
        let layer = tower_response_cache::HttpCacheLayer::new(1 << 20).name("news");
        let mut service = layer.layer(service_fn(|_: Request<Empty<bytes::Bytes>>| async {
            Ok::<_, std::convert::Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
        }));
        let call = service.call(Request::new(Empty::new()));
        assert_ready!(task::spawn(call).poll()).unwrap();
    });
    let counts = recorder.0.lock().unwrap();
    let names: Vec<_> = counts.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["tower_response_cache_requests_total{name=news,result=miss}"]
    );
}

#[test]
fn requests_are_counted_by_name_and_result_and_nothing_else() {
    let recorder = Recording::default();
    metrics::with_local_recorder(&recorder, || {
        let (mut service, mut inner, _) = cached();
        let mut answer = || {
            let std::task::Poll::Ready(Some((_, reply))) = inner.poll_request() else {
                panic!("no call");
            };
            reply.send_response("answer".to_owned());
        };
        let mut first = task::spawn(service.call("a"));
        let mut joined = task::spawn(service.call("a"));
        assert_pending!(first.poll());
        assert_pending!(joined.poll());
        answer();
        assert_ready!(first.poll()).unwrap();
        assert_ready!(joined.poll()).unwrap();
        for _ in 0..3 {
            assert_ready!(task::spawn(service.call("a")).poll()).unwrap();
        }
        for req in ["a refresh", "a bypass"] {
            let mut call = task::spawn(service.call(req));
            assert_pending!(call.poll());
            answer();
            assert_ready!(call.poll()).unwrap();
        }
    });
    let counts = recorder.0.lock().unwrap();
    let counts: Vec<_> = counts.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(
        counts,
        [
            (
                "tower_response_cache_requests_total{name=default,result=bypass}",
                1
            ),
            (
                "tower_response_cache_requests_total{name=default,result=hit}",
                3
            ),
            (
                "tower_response_cache_requests_total{name=default,result=joined}",
                1
            ),
            (
                "tower_response_cache_requests_total{name=default,result=miss}",
                1
            ),
            (
                "tower_response_cache_requests_total{name=default,result=refreshed}",
                1
            ),
        ]
    );
}
