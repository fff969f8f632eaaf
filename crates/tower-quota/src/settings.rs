use std::time::Duration;

use crate::telemetry::Telemetry;

/// The knobs of one layer value. Each key holds them too, so they are not changed once there is one.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_queue: usize,
    pub(crate) max_wait: Option<Duration>,
    pub(crate) aging: Duration,
    pub(crate) exhausted_for: Duration,
    pub(crate) max_idle_keys: usize,
    pub(crate) max_keys: usize,
    pub(crate) telemetry: Telemetry,
    #[cfg(feature = "shared")]
    pub(crate) shared: Option<crate::shared::SharedBy>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_queue: 4096,
            max_wait: None,
            aging: Duration::from_secs(30),
            exhausted_for: Duration::from_secs(60 * 60),
            max_idle_keys: 1024,
            max_keys: 65_536,
            telemetry: Telemetry::new("default"),
            #[cfg(feature = "shared")]
            shared: None,
        }
    }
}
