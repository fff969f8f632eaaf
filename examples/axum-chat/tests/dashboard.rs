//! What the dashboard of `examples/grafana` asks for is what `/metrics` answers with.

#[path = "../../../tests/telemetry/dashboard.rs"]
mod dashboard;
mod running;

use bedrock_sim::{Fault, Simulator};
use running::{CLAUDE, all_events, start_with};
use std::time::Duration;
use tower_bedrock::{telemetry::semconv::MOVES, tower_quota::Limit};

#[tokio::test]
async fn metrics_have_all_series_of_the_dashboard() {
    axum_chat::install_metrics();
    let simulator = Simulator::new();
    simulator.script([Fault::throttling()]);
    let three = Limit::calls(3, Duration::from_secs(3600));
    let server = start_with(&simulator, |stack| stack.quotas(three)).await;
    // The first attempt is throttled, the last call is one too many.
    let answered = server.ask("hello").send().await.unwrap();
    assert_eq!(answered.status(), 200);
    all_events(server.ask_for_events("hello").send().await.unwrap()).await;
    let hour = Duration::from_secs(3600);
    simulator.script([Fault::throttling().retry_after(hour)]);
    for refused in ["good-bye", "so long"] {
        let refused = server.ask(refused).header("x-deadline-ms", "500");
        assert_eq!(refused.send().await.unwrap().status(), 429);
    }
    // A gauge of why a circuit is open is there when one is.
    let circuits = server.handle.circuits();
    circuits
        .handle(&format!("us-east-1/{CLAUDE}").into())
        .force_open_for(hour);

    let metrics = server.get("/metrics").send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let is_told = |series: &str| {
        let line = |line: &str| line.split(['{', ' ']).next() == Some(series);
        metrics.lines().any(line)
    };
    let queries = dashboard::queries();
    let asked: Vec<_> = queries
        .iter()
        .flat_map(|query| dashboard::series(query))
        .collect();
    assert!(asked.len() > 30, "{asked:?}");
    // This server has one Region, so no call moves to another one.
    let asked = asked.iter().filter(|series| **series != MOVES);
    let missing: Vec<_> = asked.filter(|series| !is_told(series)).collect();
    assert!(missing.is_empty(), "{missing:?} in {metrics}");
}
