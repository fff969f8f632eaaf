//! What the dashboard asks for.

use std::collections::BTreeSet;

/// The queries of all panels.
pub(crate) fn queries() -> Vec<String> {
    let dashboard = include_str!("../../examples/grafana/dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).expect("it is JSON");
    assert_eq!(dashboard["uid"], "tower-bedrock");
    assert!(dashboard["schemaVersion"].is_u64());
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let queries = targets.map(|target| target["expr"].as_str().expect("a query").to_owned());
    queries.collect()
}

/// The series that a query names, as in a scrape.
pub(crate) fn series(query: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = query.split(|c: char| !is_name(c));
    let own = ["tower_", "gen_ai_client_"];
    words
        .filter(|word| own.iter().any(|own| word.starts_with(own)))
        .collect()
}
