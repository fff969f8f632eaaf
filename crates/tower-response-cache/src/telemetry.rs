//! Every event and metric of this crate. Called outside of locks; never sees a key or an answer.

#[cfg(feature = "metrics")]
mod gauges;

#[cfg(feature = "metrics")]
pub use self::gauges::Gauges;

use crate::policy::CacheStatus;

/// The metric handles of one cache.
pub(crate) struct Telemetry {
    name: &'static str,
    #[cfg(feature = "metrics")]
    requests: metered::Requests,
}

impl Telemetry {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            #[cfg(feature = "metrics")]
            requests: metered::Requests::default(),
        }
    }

    /// A request has its answer, or its call is made.
    pub(crate) fn request(&self, status: CacheStatus) {
        #[cfg(feature = "tracing")]
        tracing::debug!(name = self.name, result = status.as_str(), "response cache");
        #[cfg(feature = "metrics")]
        self.requests.of(self.name, status).increment(1);
        let _ = (self.name, status);
    }

    /// A call is made that no request waits for.
    pub(crate) fn revalidation(&self) {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            name = self.name,
            "response cache fetches a new answer for a stale one"
        );
        #[cfg(feature = "metrics")]
        self.requests.revalidations(self.name).increment(1);
        let _ = self.name;
    }
}

#[cfg(feature = "metrics")]
mod metered {
    use std::sync::OnceLock;

    use metrics::{Counter, counter};

    use super::CacheStatus;

    /// One counter for each status, registered when it is first counted: a recorder that is installed
    /// later is not seen.
    #[derive(Default)]
    pub(super) struct Requests {
        by_status: [OnceLock<Counter>; CacheStatus::COUNT],
        revalidations: OnceLock<Counter>,
    }

    impl Requests {
        pub(super) fn of(&self, name: &'static str, status: CacheStatus) -> &Counter {
            let metric = "tower_response_cache_requests_total";
            self.by_status[status as usize]
                .get_or_init(|| counter!(metric, "name" => name, "result" => status.as_str()))
        }

        pub(super) fn revalidations(&self, name: &'static str) -> &Counter {
            let metric = "tower_response_cache_revalidations_total";
            self.revalidations
                .get_or_init(|| counter!(metric, "name" => name))
        }
    }
}
