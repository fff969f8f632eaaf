use crate::App;
use axum::extract::State;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{sync::LazyLock, time::Duration};
use tower_bedrock::telemetry::{SECONDS, TOKENS};

/// One recorder for the process, as the facade has it.
static RECORDER: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let recorder = builder().and_then(PrometheusBuilder::install_recorder);
    recorder.expect("the process has no other recorder")
});

/// With the names and buckets that the dashboard of `examples/grafana` asks for.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(Matcher::Suffix("_tokens".into()), &TOKENS)?
        .set_buckets(&SECONDS)
}

/// Counts from now on what `/metrics` shows; to be called before the first [`App`] is made, within a
/// tokio runtime.
///
/// # Panics
///
/// If the process has another recorder.
pub fn install() {
    // Histograms hold every value until they are read or kept up.
    const UPKEEP: Duration = Duration::from_secs(5);
    let recorder = RECORDER.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            recorder.run_upkeep();
        }
    });
}

/// `GET /metrics`, for Prometheus: what was counted, and what is so now.
pub(crate) async fn metrics(State(app): State<App>) -> String {
    let recorder = &*RECORDER;
    app.gauges.record();
    recorder.render()
}
