use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{sync::LazyLock, time::Duration};

/// One recorder for the process, as the facade has it.
static RECORDER: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    PrometheusBuilder::new()
        .install_recorder()
        .expect("the process has no other recorder")
});

/// Counts from now on what `/metrics` shows; needs a tokio runtime.
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

/// `GET /metrics`, for Prometheus.
pub(crate) async fn metrics() -> String {
    RECORDER.render()
}
