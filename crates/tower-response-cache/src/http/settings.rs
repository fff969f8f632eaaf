use std::time::Duration;

use http::{HeaderName, header};

/// The knobs of an [`HttpCacheLayer`](crate::HttpCacheLayer).
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    pub(crate) name: &'static str,
    pub(crate) vary_by: Vec<HeaderName>,
    pub(crate) max_body: usize,
    pub(crate) default_ttl: Duration,
    pub(crate) validate_for: Duration,
    pub(crate) failures_in_turn: u32,
    pub(crate) share_failures: bool,
    pub(crate) background_timeout: Duration,
    pub(crate) finish_abandoned: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            name: "default",
            vary_by: vec![header::ACCEPT_ENCODING],
            max_body: 1 << 20,
            default_ttl: Duration::ZERO,
            validate_for: Duration::from_secs(10 * 60),
            failures_in_turn: 2,
            share_failures: true,
            background_timeout: Duration::from_secs(5 * 60),
            finish_abandoned: false,
        }
    }
}
