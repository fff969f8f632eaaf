//! What the guides say of metrics and attributes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

pub(crate) const GUIDES: [&str; 5] = [
    "crates/tower-backoff/docs/telemetry-and-cost.md",
    "crates/tower-bedrock/docs/telemetry.md",
    "crates/tower-circuit-breaker/docs/telemetry-and-cost.md",
    "crates/tower-quota/docs/telemetry.md",
    "crates/tower-response-cache/docs/telemetry-and-cost.md",
];

pub(crate) fn read(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between single backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_metric(name: &str) -> bool {
    let own = [
        "tower_backoff_",
        "tower_bedrock_",
        "tower_circuit_breaker_",
        "tower_quota_",
        "tower_response_cache_",
        "gen_ai_client_",
    ];
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    name.chars().all(is_name) && own.iter().any(|own| name.starts_with(own))
}

/// The metrics of the guides' tables, as Prometheus has them, and the labels of each.
pub(crate) fn metrics() -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics = BTreeMap::<String, BTreeSet<String>>::new();
    let mut last = BTreeSet::new();
    for guide in GUIDES.map(read) {
        for row in guide.lines().filter(|line| line.starts_with("| `")) {
            let Some(metric) = quoted(row).find(|name| is_metric(name)) else {
                continue;
            };
            let labels: BTreeSet<_> = quoted(row)
                .filter(|word| !is_metric(word))
                .flat_map(|word| match word {
                    "op" => vec![
                        "gen_ai_operation_name".to_owned(),
                        "gen_ai_provider_name".to_owned(),
                        "gen_ai_request_model".to_owned(),
                        "cloud_region".to_owned(),
                    ],
                    word => vec![word.replace('.', "_")],
                })
                .collect();
            // A row may say that it has the labels of the row above.
            let labels = if row.contains("the same;") {
                last
            } else {
                labels
            };
            metrics
                .entry(metric.to_owned())
                .or_default()
                .extend(labels.clone());
            last = labels;
        }
    }
    metrics
}

/// The attributes of the guide's table, with whether calls and attempts have them.
pub(crate) fn attributes() -> BTreeMap<String, [bool; 2]> {
    let guide = read("crates/tower-bedrock/docs/telemetry.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let is_mark = |cell: &str| cell.is_empty() || cell == "x";
        let name = quoted(row).next()?;
        (is_mark(cells[2]) && is_mark(cells[3]))
            .then(|| (name.to_owned(), [cells[2] == "x", cells[3] == "x"]))
    })
    .collect()
}
