use crate::CacheStatus;

/// Tells the world how the cache took part in a request. Never with a key or an answer.
#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    #[cfg(feature = "metrics")]
    requests: Requests,
}

impl Telemetry {
    #[cfg_attr(not(feature = "metrics"), allow(clippy::unused_self))]
    #[cfg_attr(
        not(any(feature = "metrics", feature = "tracing")),
        allow(unused_variables)
    )]
    pub(crate) fn request(&self, status: CacheStatus) {
        #[cfg(feature = "tracing")]
        tracing::debug!(result = status.as_str(), "response cache");
        #[cfg(feature = "metrics")]
        self.requests.of(status).increment(1);
    }
}

/// One counter for each status, registered when it is first counted: a recorder that is installed
/// later is not seen.
#[cfg(feature = "metrics")]
#[derive(Default)]
struct Requests([std::sync::OnceLock<metrics::Counter>; 5]);

#[cfg(feature = "metrics")]
impl Requests {
    fn of(&self, status: CacheStatus) -> &metrics::Counter {
        self.0[status as usize].get_or_init(
            || metrics::counter!("tower_response_cache_requests_total", "result" => status.as_str()),
        )
    }
}

#[cfg(feature = "metrics")]
impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Requests")
    }
}
