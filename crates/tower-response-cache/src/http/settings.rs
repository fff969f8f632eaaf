use std::time::Duration;

use http::{HeaderName, header};

/// The knobs of an [`HttpCacheLayer`](crate::HttpCacheLayer).
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    pub(crate) name: &'static str,
    pub(crate) vary_by: Vec<HeaderName>,
    pub(crate) max_body: usize,
    pub(crate) default_ttl: Duration,
    pub(crate) finish_abandoned: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            name: "default",
            vary_by: vec![header::ACCEPT_ENCODING],
            max_body: 1 << 20,
            default_ttl: Duration::ZERO,
            finish_abandoned: false,
        }
    }
}
