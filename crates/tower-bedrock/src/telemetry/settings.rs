use std::sync::Arc;

/// The knobs of a [`TelemetryLayer`](super::TelemetryLayer).
#[derive(Debug, Clone)]
#[cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(dead_code, reason = "spans and metrics tell a part each")
)]
pub(super) struct Settings {
    pub(super) region: Arc<str>,
    pub(super) server: Arc<str>,
    pub(super) max_models: usize,
    pub(super) old_names: bool,
}

impl Settings {
    pub(super) fn of(region: Arc<str>) -> Self {
        let domain = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        Self {
            server: format!("bedrock-runtime.{region}.{domain}").into(),
            region,
            max_models: 100,
            old_names: false,
        }
    }
}

/// What all services of a layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    #[cfg(feature = "metrics")]
    pub(super) metered: super::metered::Metered,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            #[cfg(feature = "metrics")]
            metered: super::metered::Metered::default(),
        }
    }
}
