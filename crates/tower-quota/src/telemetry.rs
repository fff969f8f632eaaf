//! Every log line and metric. Called outside locks; never sees requests or results.

#[cfg(feature = "metrics")]
mod gauges;

#[cfg(feature = "metrics")]
pub use self::gauges::Gauges;

use std::time::Duration;

use crate::call::Throttle;
use crate::error::{Cause, Rejected};

/// The metric handles of one ledger, each made at its first use.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    pub(crate) name: &'static str,
    #[cfg(feature = "metrics")]
    metered: std::sync::Arc<metered::Metered>,
}

impl Telemetry {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            #[cfg(feature = "metrics")]
            metered: std::sync::Arc::default(),
        }
    }

    /// A call was admitted, after so long.
    #[inline]
    pub(crate) fn admitted(&self, key: &str, waited: Option<Duration>) {
        #[cfg(feature = "tracing")]
        if let Some(waited) = waited {
            let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(name = self.name, key, waited_ms, "call admitted");
        }
        #[cfg(feature = "metrics")]
        self.metered.admitted(self.name, waited);
        let _ = (self, key, waited);
    }

    /// A call was rejected.
    pub(crate) fn rejected(&self, rejected: &Rejected) {
        let cause = match rejected.cause() {
            Cause::TooLarge { .. } => "too_large",
            Cause::QueueFull => "queue_full",
            Cause::MaxWait => "max_wait",
            Cause::Deadline => "deadline",
            Cause::Closed => "closed",
            Cause::SeemsTooLarge { .. } => "seems_too_large",
            Cause::Exhausted => "exhausted",
        };
        #[cfg(feature = "tracing")]
        tracing::debug!(
            name = self.name,
            key = rejected.key(),
            cause,
            "call rejected"
        );
        #[cfg(feature = "metrics")]
        metrics::counter!("tower_quota_rejected_total", "name" => self.name, "cause" => cause)
            .increment(1);
        let _ = (self, cause);
    }

    /// A call came of a key that there is no room for. The first such call is an event.
    pub(crate) fn overflowed(&self, max_keys: usize, is_news: bool) {
        #[cfg(feature = "tracing")]
        if is_news {
            tracing::warn!(name = self.name, max_keys, "new keys share an account");
        }
        #[cfg(feature = "metrics")]
        metrics::counter!("tower_quota_overflowed_total", "name" => self.name).increment(1);
        let _ = (self, max_keys, is_news);
    }

    /// A log that processes share did not answer, in time or at all.
    #[cfg(feature = "shared")]
    pub(crate) fn log_failed(&self, key: &str, error: Option<&crate::shared::LogError>) {
        #[cfg(feature = "tracing")]
        {
            let error = error.map(|error| error as &(dyn std::error::Error + 'static));
            tracing::debug!(name = self.name, key, error, "shared log did not answer");
        }
        #[cfg(feature = "metrics")]
        metrics::counter!("tower_quota_log_failures_total", "name" => self.name).increment(1);
        let _ = (self, key, error);
    }

    /// A key goes on alone.
    #[cfg(feature = "shared")]
    pub(crate) fn log_gone(&self, key: &str, error: Option<&crate::shared::LogError>) {
        #[cfg(feature = "tracing")]
        {
            let error = error.map(|error| error as &(dyn std::error::Error + 'static));
            let name = self.name;
            tracing::warn!(
                name,
                key,
                error,
                "shared log is gone: a part of the quota is used"
            );
        }
        let _ = (self, key, error);
    }

    /// A key goes by the shared log again.
    #[cfg(feature = "shared")]
    pub(crate) fn log_back(&self, key: &str) {
        #[cfg(feature = "tracing")]
        tracing::info!(name = self.name, key, "shared log is back");
        let _ = (self, key);
    }

    /// The server refused a call that the ledger had admitted.
    pub(crate) fn throttled(&self, key: &str, throttle: Throttle) {
        let kind = match throttle {
            Throttle::Rate { .. } => "rate",
            Throttle::Exhausted { .. } => "exhausted",
        };
        #[cfg(feature = "tracing")]
        tracing::warn!(name = self.name, key, kind, "call throttled unexpectedly");
        #[cfg(feature = "metrics")]
        metrics::counter!("tower_quota_throttled_total", "name" => self.name, "kind" => kind)
            .increment(1);
        let _ = (self, key, kind);
    }
}

#[cfg(feature = "metrics")]
mod metered {
    use std::fmt;
    use std::sync::OnceLock;
    use std::time::Duration;

    use metrics::{Counter, Histogram, counter, histogram};

    /// What each call that is admitted touches: registered when it is first counted.
    #[derive(Default)]
    pub(super) struct Metered {
        admitted: OnceLock<(Counter, Histogram)>,
    }

    impl Metered {
        pub(super) fn admitted(&self, name: &'static str, waited: Option<Duration>) {
            let (admitted, wait) = self.admitted.get_or_init(|| {
                (
                    counter!("tower_quota_admitted_total", "name" => name),
                    histogram!("tower_quota_wait_seconds", "name" => name),
                )
            });
            admitted.increment(1);
            wait.record(waited.unwrap_or_default());
        }
    }

    impl fmt::Debug for Metered {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Metered").finish_non_exhaustive()
        }
    }
}
