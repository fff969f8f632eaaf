//! Every event and metric of this crate. Called outside of locks; never sees requests or results.

use crate::events::{GiveUpEvent, RetryCause, RetryEvent};

/// The metric handles of one service and its clones, each made at its first use.
#[derive(Debug)]
pub(crate) struct Telemetry {
    #[cfg_attr(
        not(feature = "metrics"),
        expect(dead_code, reason = "only metrics carry the name")
    )]
    name: &'static str,
    #[cfg(feature = "metrics")]
    counters: metered::Counters,
}

impl Telemetry {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            #[cfg(feature = "metrics")]
            counters: metered::Counters::default(),
        }
    }

    /// An attempt has ended: `None` with an answer, otherwise worth another one.
    pub(crate) fn attempted(&self, cause: Option<RetryCause>) {
        #[cfg(feature = "metrics")]
        self.counters.attempted(self.name, cause);
        let _ = (self, cause);
    }

    /// A retry is paid for and its wait begins.
    pub(crate) fn retrying(&self, event: &RetryEvent) {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            name = event.name,
            cause = event.cause.as_str(),
            attempts = event.attempts,
            wait_ms = u64::try_from(event.wait.as_millis()).unwrap_or(u64::MAX),
            "retrying"
        );
        #[cfg(feature = "metrics")]
        self.counters.retrying(event);
        let _ = (self, event);
    }

    /// A result worth a retry goes to the caller.
    pub(crate) fn gave_up(&self, event: &GiveUpEvent) {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            name = event.name,
            cause = event.cause.as_str(),
            attempts = event.attempts,
            "gave up"
        );
        #[cfg(feature = "metrics")]
        self.counters.gave_up(event.name, event.cause);
        let _ = (self, event);
    }
}

#[cfg(feature = "metrics")]
mod metered {
    use std::{fmt, sync::OnceLock};

    use metrics::{Counter, Histogram, counter, histogram};

    use crate::events::{GiveUpCause, RetryCause, RetryEvent};

    #[derive(Default)]
    pub(super) struct Counters {
        attempts: [OnceLock<Counter>; RetryCause::COUNT + 1],
        retries: [OnceLock<(Counter, Histogram)>; RetryCause::COUNT],
        gave_up: [OnceLock<Counter>; GiveUpCause::COUNT],
    }

    impl Counters {
        pub(super) fn attempted(&self, name: &'static str, cause: Option<RetryCause>) {
            let (slot, outcome) =
                cause.map_or((RetryCause::COUNT, "done"), |c| (c as usize, c.as_str()));
            self.attempts[slot]
                .get_or_init(
                    || counter!("tower_backoff_attempts_total", "name" => name, "outcome" => outcome),
                )
                .increment(1);
        }

        pub(super) fn retrying(&self, event: &RetryEvent) {
            let (name, cause) = (event.name, event.cause.as_str());
            let (retries, wait) = self.retries[event.cause as usize].get_or_init(|| {
                (
                    counter!("tower_backoff_retries_total", "name" => name, "cause" => cause),
                    histogram!("tower_backoff_wait_seconds", "name" => name, "cause" => cause),
                )
            });
            retries.increment(1);
            wait.record(event.wait);
        }

        pub(super) fn gave_up(&self, name: &'static str, why: GiveUpCause) {
            self.gave_up[why as usize]
                .get_or_init(
                    || counter!("tower_backoff_gave_up_total", "name" => name, "cause" => why.as_str()),
                )
                .increment(1);
        }
    }

    impl fmt::Debug for Counters {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Counters").finish_non_exhaustive()
        }
    }
}
