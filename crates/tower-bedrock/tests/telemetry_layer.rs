//! What the layers of telemetry cost, how many models have labels, and their knobs.

mod common;

use aws_sdk_bedrockruntime::operation::{
    converse::{ConverseInput, ConverseOutput},
    converse_stream::ConverseStreamInput,
};
use common::{MODEL, prompt, stream_prompt};
use futures_util::FutureExt;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    collections::BTreeSet,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_bedrock::{
    Error, EventStream, Operation, Request, Response, Usage,
    telemetry::{Telemetry, TelemetryLayer},
};

type Answer = Response<ConverseOutput>;

/// Answers at once.
#[derive(Clone)]
struct Model(Answer);

impl Service<Request<ConverseInput>> for Model {
    type Response = Answer;
    type Error = Error;
    type Future = Ready<Result<Answer, Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<ConverseInput>) -> Self::Future {
        ready(Ok(self.0.clone()))
    }
}

fn model() -> Model {
    let output = ConverseOutput::builder()
        .stop_reason("end_turn".into())
        .build()
        .expect("it is given");
    Model(Response::new(output).with_usage(Usage::new(3, 2)))
}

fn both<S>(inner: S) -> Telemetry<Telemetry<S>> {
    let calls = TelemetryLayer::calls("us-east-1");
    calls.layer(calls.attempts().layer(inner))
}

fn of(model: &str) -> Request<ConverseInput> {
    let mut input = prompt("a");
    input.model_id = Some(model.to_owned());
    Request::new(input)
}

#[test]
fn a_call_that_nobody_watches_allocates_nothing_more() {
    let (mut plain, mut watched) = (model(), both(model()));
    let mut requests = (0..4).map(|_| of(MODEL)).collect::<Vec<_>>();
    let mut take = || requests.pop().expect("there are four");
    // The first call of a model makes its metrics.
    let call = watched.call(take()).now_or_never().expect("it is there");
    call.expect("it answers");
    let (one, other) = (take(), take());
    let alone = allocation_counter::measure(|| {
        drop(plain.call(one).now_or_never());
    });
    let within = allocation_counter::measure(|| {
        drop(watched.call(other).now_or_never());
    });
    assert_eq!((alone.count_total, within.count_total), (0, 0));
}

#[test]
fn a_stream_that_nobody_watches_allocates_nothing_more() {
    async fn model(
        _: Request<ConverseStreamInput>,
    ) -> Result<<ConverseStreamInput as Operation>::Response, Error> {
        Ok(EventStream::from_events([]))
    }
    let mut watched = both(service_fn(model));
    let mut plain = service_fn(model);
    let mut count = |is_watched: bool| {
        let request = Request::new(stream_prompt("a"));
        allocation_counter::measure(|| {
            let call = if is_watched {
                watched.call(request).now_or_never()
            } else {
                plain.call(request).now_or_never()
            };
            drop(call.expect("it is there"));
        })
        .count_total
    };
    count(true);
    let (within, alone) = (count(true), count(false));
    assert_eq!(within, alone);
}

/// The values of a label.
#[derive(Clone, Default)]
struct Models(Arc<Mutex<BTreeSet<String>>>);

impl Models {
    fn note(&self, key: &Key) {
        let mut models = self.0.lock().expect("nobody panics with it");
        let labels = key
            .labels()
            .filter(|label| label.key() == "gen_ai.request.model");
        models.extend(labels.map(|label| label.value().to_owned()));
    }
}

impl Recorder for Models {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.note(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.note(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.note(key);
        Histogram::noop()
    }
}

#[test]
fn the_first_models_have_labels_by_one_name_and_all_others_share_one() {
    let models = Models::default();
    metrics::with_local_recorder(&models, || {
        let layer = TelemetryLayer::calls("us-east-1").max_models(2);
        let attempts = layer.attempts();
        let service = layer.layer(attempts.layer(model()));
        let arn = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{MODEL}");
        for model in [MODEL, &arn, "b", "c", "d", MODEL] {
            let call = service.clone().oneshot(of(model)).now_or_never();
            call.expect("it is there").expect("it answers");
        }
    });
    let models = models.0.lock().expect("nobody panics with it");
    assert_eq!(Vec::from_iter(&*models), ["_OTHER", "b", MODEL]);
}

type Knob = (&'static str, fn(TelemetryLayer) -> TelemetryLayer);

const KNOBS: [Knob; 3] = [
    ("max_models", |layer| layer.max_models(1)),
    ("old_names", TelemetryLayer::old_names),
    ("server_address", |layer| layer.server_address("proxy")),
];

type Share = (&'static str, fn(&TelemetryLayer));

const SHARES: [Share; 3] = [
    ("attempts", |layer| drop(layer.attempts())),
    ("clone", |layer| drop(layer.clone())),
    ("layer", |layer| drop(layer.layer(()))),
];

#[test]
fn a_knob_of_a_shared_layer_panics() {
    for (knob, turn) in KNOBS {
        drop(turn(TelemetryLayer::calls("r")));
        for (with, share) in SHARES {
            let layer = TelemetryLayer::calls("r");
            share(&layer);
            let panic = catch_unwind(AssertUnwindSafe(|| drop(turn(layer))));
            assert!(panic.is_err(), "{knob} after {with}");
        }
    }
}
