//! What a stack shows of its Regions.

mod common;
#[path = "common/regions.rs"]
mod two;

use aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput};
use bedrock_sim::Fault;
use common::{MODEL, prompt, simulator};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_bedrock::{
    Error, ErrorKind, Regions, Request, Response, StackLayer, policy::Quotas, telemetry::semconv,
};
use two::{EAST, WEST, bedrock_in, call, listed, stack_of};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_snapshot_has_a_row_for_each_region() {
    let (east, west) = (simulator(), simulator());
    let (stack, handle) = stack_of(listed(&east, &west), Quotas::new());
    let before = handle.snapshot().regions;
    assert!(before.iter().all(|region| region.share < f64::EPSILON));
    east.script([
        Fault::throttling().times(1),
        Fault::service_unavailable().times(1),
    ]);
    for text in 0..4 {
        let (answer, _) = call(&stack, text).await;
        answer.unwrap();
    }
    let shown = handle.snapshot();
    let [first, second] = &shown.regions[..] else {
        panic!("{shown:?}");
    };
    assert_eq!((&*first.name, &*second.name), (EAST, WEST));
    assert_eq!((first.calls, second.calls), (4, 0));
    assert_eq!((first.answered, second.answered), (2, 2));
    assert_eq!((first.moved_in, second.moved_in), (0, 2));
    let moved = first.moved_away;
    assert_eq!((moved.quota, moved.fault, moved.total()), (1, 1, 2));
    assert_eq!(second.moved_away.total(), 0);
    let shares = [first.share, second.share];
    assert!(
        shares
            .iter()
            .all(|share| (share - 0.5).abs() < f64::EPSILON)
    );
    let text = shown.to_string();
    for line in [
        "region     us-east-1: 2 answers (50 %), 4 calls, 0 from elsewhere, 2 went on: 1 quota, 1 fault\n",
        "region     us-west-2: 2 answers (50 %), 0 calls, 2 from elsewhere, 0 went on\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_names_the_models_that_a_region_is_without() {
    let (east, west) = (simulator(), simulator());
    let (stack, handle) = stack_of(listed(&east, &west), Quotas::new());
    east.script([Fault::resource_not_found().times(1000)]);
    for text in 0..3 {
        let (answer, _) = call(&stack, text).await;
        assert_eq!(answer.unwrap().meta().region(), Some(WEST));
    }
    let shown = handle.snapshot();
    assert_eq!(*shown.regions[0].left_out, [Arc::from(MODEL)]);
    assert!(shown.regions[1].left_out.is_empty());
    assert_eq!(shown.regions[0].moved_away.not_served, 1);
    let line = format!("1 not_served; without {MODEL}\n");
    assert!(shown.to_string().contains(&line), "{shown}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stack_of_one_region_has_no_rows() {
    let sim = simulator();
    let layer = StackLayer::new(EAST);
    let handle = layer.handle();
    let stack = layer.layer(bedrock_in(&sim, EAST));
    stack.oneshot(prompt("hello").into()).await.unwrap();
    assert!(handle.snapshot().regions.is_empty());
    assert!(!handle.snapshot().to_string().contains("region "));
}

/// The series that were told, by name and the labels that tell Regions.
#[derive(Clone, Default)]
struct Series(Arc<Mutex<BTreeSet<Labelled>>>);

type Labelled = (String, Vec<String>);

impl Series {
    fn note(&self, key: &Key) {
        let of_region = ["cloud.region", "from", "to", "reason"];
        let labels = key.labels();
        let labels = labels.filter(|label| of_region.contains(&label.key()));
        let labels = labels.map(|label| label.value().to_owned()).collect();
        let mut series = self.0.lock().expect("nobody panics with it");
        series.insert((key.name().to_owned(), labels));
    }

    fn of(&self, metric: &str) -> Vec<Vec<String>> {
        let series = self.0.lock().expect("nobody panics with it");
        let of_metric = series.iter().filter(|(name, _)| name == metric);
        of_metric.map(|(_, labels)| labels.clone()).collect()
    }
}

impl Recorder for Series {
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

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn attempts_are_counted_in_their_region_and_calls_in_the_first() {
    let series = Series::default();
    let _recorder = metrics::set_default_local_recorder(&series);
    let (east, west) = (simulator(), simulator());
    let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
    east.script([Fault::throttling().times(1)]);
    for text in 0..2 {
        let (answer, _) = call(&stack, text).await;
        answer.unwrap();
    }
    assert_eq!(series.of(semconv::ATTEMPT_DURATION), [[EAST], [WEST]]);
    assert_eq!(series.of(semconv::DURATION), [[EAST]]);
    assert_eq!(series.of(semconv::MOVES), [[EAST, WEST, "quota"]]);
}

/// The deadline's layer knows nothing of Regions.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_error_of_an_outer_layer_names_the_region_that_was_chosen_last() {
    let silent = service_fn(|_: Request<ConverseInput>| {
        std::future::pending::<Result<Response<ConverseOutput>, Error>>()
    });
    let regions = Regions::of([(EAST, silent), (WEST, silent)]);
    let layer = StackLayer::new(&regions);
    let first = format!("{EAST}/{MODEL}").into();
    layer.handle().circuits().handle(&first).force_open();
    let stack = layer.layer(regions);
    let hurried = |text: &str| Request::new(prompt(text)).timeout(Duration::from_secs(1));
    let error = stack.clone().oneshot(hurried("one")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(error.region(), Some(WEST), "{error}");
}
