use std::{borrow::Cow, sync::Arc};

/// The knobs of a [`TelemetryLayer`](super::TelemetryLayer).
#[derive(Debug, Clone)]
#[cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(dead_code, reason = "spans and metrics tell a part each")
)]
pub(super) struct Settings {
    pub(super) region: Arc<str>,
    server: Arc<str>,
    server_is_told: bool,
    pub(super) max_models: usize,
    pub(super) old_names: bool,
}

impl Settings {
    pub(super) fn of(region: Arc<str>) -> Self {
        Self {
            server: server(&region).into(),
            server_is_told: false,
            region,
            max_models: 100,
            old_names: false,
        }
    }

    pub(super) fn tell_server(&mut self, address: Arc<str>) {
        self.server = address;
        self.server_is_told = true;
    }

    /// Where calls to `region` go: the same for all where the user says it.
    #[cfg_attr(
        not(feature = "tracing"),
        allow(dead_code, reason = "spans alone tell it")
    )]
    pub(super) fn server(&self, region: &str) -> Cow<'_, str> {
        if self.server_is_told || *self.region == *region {
            Cow::Borrowed(&self.server)
        } else {
            Cow::Owned(server(region))
        }
    }
}

/// Bedrock's host in a Region, of which a [listed](crate::Regions) name is the first word.
fn server(region: &str) -> String {
    let region = region.split(' ').next().unwrap_or_default();
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("bedrock-runtime.{region}.{domain}")
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
