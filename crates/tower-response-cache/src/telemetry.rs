use crate::policy::CacheStatus;

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

    #[cfg_attr(not(feature = "metrics"), allow(clippy::unused_self))]
    pub(crate) fn revalidation(&self) {
        #[cfg(feature = "tracing")]
        tracing::debug!("response cache fetches a new answer for a stale one");
        #[cfg(feature = "metrics")]
        self.requests.revalidations().increment(1);
    }
}

/// One counter for each status, registered when it is first counted: a recorder that is installed
/// later is not seen.
#[cfg(feature = "metrics")]
#[derive(Default)]
struct Requests {
    by_status: [std::sync::OnceLock<metrics::Counter>; CacheStatus::COUNT],
    revalidations: std::sync::OnceLock<metrics::Counter>,
}

#[cfg(feature = "metrics")]
impl Requests {
    fn of(&self, status: CacheStatus) -> &metrics::Counter {
        self.by_status[status as usize].get_or_init(
            || metrics::counter!("tower_response_cache_requests_total", "result" => status.as_str()),
        )
    }

    fn revalidations(&self) -> &metrics::Counter {
        let name = "tower_response_cache_revalidations_total";
        self.revalidations.get_or_init(|| metrics::counter!(name))
    }
}

#[cfg(feature = "metrics")]
impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Requests")
    }
}
