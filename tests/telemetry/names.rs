//! Every name in the guides is told, and every name that is told is in the guides; so are those of the
//! dashboard and the alert rules.

use crate::{books, dashboard, outcomes, traced::Traced};
use std::collections::{BTreeMap, BTreeSet};
use tower_bedrock::telemetry::semconv;

/// The metrics of a scrape, and the labels of each.
fn scraped(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut kind = BTreeMap::new();
    let mut metrics = BTreeMap::<String, BTreeSet<String>>::new();
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, of) = declared.split_once(' ').expect("a type");
            kind.insert(name.to_owned(), of.to_owned());
            metrics.entry(name.to_owned()).or_default();
        } else if !line.starts_with('#') && !line.is_empty() {
            let (series, _) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let name = metric_of(name, &kind);
            let names = labels
                .split("\",")
                .filter_map(|label| label.split_once('='));
            let names = names.map(|(name, _)| name.to_owned());
            let names = names.filter(|name| name != "le");
            metrics.entry(name).or_default().extend(names);
        }
    }
    metrics
}

/// A histogram has three names in a scrape.
fn metric_of<T>(series: &str, known: &BTreeMap<String, T>) -> String {
    let parts = ["_bucket", "_sum", "_count"];
    let metric = parts.iter().find_map(|part| series.strip_suffix(part));
    let metric = metric.filter(|metric| known.contains_key(*metric));
    metric.unwrap_or(series).to_owned()
}

async fn scrape() -> String {
    let recorder = outcomes::recorder();
    let handle = recorder.handle();
    let guard = metrics::set_default_local_recorder(&recorder);
    outcomes::all().await;
    drop(guard);
    handle.render()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_guides_name_each_metric_and_its_labels_and_no_other() {
    let _traced = Traced::new();
    let told = scraped(&scrape().await);
    let in_guides = books::metrics();
    let names =
        |of: &BTreeMap<String, BTreeSet<String>>| -> Vec<String> { of.keys().cloned().collect() };
    assert_eq!(names(&told), names(&in_guides));
    for (metric, labels) in &told {
        let missing: Vec<_> = labels.difference(&in_guides[metric]).collect();
        assert!(missing.is_empty(), "{metric} has {missing:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_label_holds_a_prompt_or_a_tenant() {
    let _traced = Traced::new();
    let recorder = outcomes::recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let sim = bedrock_sim::Simulator::new().model(bedrock_sim::Model::new(end_to_end::MODEL));
    let request = tower_bedrock::Request::new(end_to_end::prompt("hush hush")).tenant("hush");
    let stack = end_to_end::stack(&sim);
    tower::ServiceExt::oneshot(stack, request).await.unwrap();
    assert!(!handle.render().contains("hush"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_guide_names_each_attribute_of_calls_and_attempts_and_no_other() {
    let recorder = outcomes::recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let traced = Traced::new();
    outcomes::all().await;
    outcomes::all_attributes().await;
    let (calls, attempts) = traced.split();
    let mut told = BTreeMap::<String, [bool; 2]>::new();
    for (spans, at) in [(&calls, 0), (&attempts, 1)] {
        let attributes = spans.iter().flat_map(|span| &span.0.attributes);
        for pair in attributes.filter(|pair| !is_of_the_bridge(pair.key.as_str())) {
            told.entry(pair.key.to_string()).or_default()[at] = true;
        }
    }
    assert_eq!(told, books::attributes());
    assert_eq!(attempts[0].name(), "Converse");
    assert!(calls.iter().any(|call| call.name().starts_with("chat ")));
    for span in [semconv::CALL, semconv::ATTEMPT] {
        let guide = books::read("crates/tower-bedrock/docs/telemetry.md");
        assert!(guide.contains(&format!("`{span}`")), "{span}");
    }
}

/// What `tracing-opentelemetry` adds of its own.
fn is_of_the_bridge(name: &str) -> bool {
    ["busy_ns", "idle_ns", "target", "level"].contains(&name)
        || name.starts_with("code.")
        || name.starts_with("thread.")
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_there_are() {
    let known = books::metrics();
    let queries = dashboard::queries();
    let alerts = books::read("examples/grafana/alerts.yml");
    let expressions = alerts
        .lines()
        .filter(|line| !line.contains("summary") && !line.contains("- alert"));
    let mut names = 0;
    for text in queries.iter().map(String::as_str).chain(expressions) {
        for series in dashboard::series(text) {
            let metric = metric_of(series, &known);
            assert!(known.contains_key(&metric), "{metric} in {text}");
            names += 1;
        }
    }
    assert!(names > 40, "{names}");
}

#[test]
fn each_name_of_the_conventions_is_in_the_guide() {
    let source = include_str!("../../crates/tower-bedrock/src/telemetry/semconv.rs");
    let guide = books::read("crates/tower-bedrock/docs/telemetry.md");
    let constants = source.lines().filter(|line| line.starts_with("pub const "));
    for value in constants.filter_map(|line| line.split('"').nth(1)) {
        assert!(guide.contains(&format!("`{value}`")), "{value}");
    }
}
