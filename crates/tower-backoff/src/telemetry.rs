//! Every event and metric of this crate. Called outside of locks; never sees requests or results.

use std::time::Duration;

use crate::gave_up::{Cause, GaveUp};

/// The metric handles of one service and its clones, each made at its first use.
#[derive(Debug)]
pub(crate) struct Telemetry {
    #[cfg_attr(
        not(any(feature = "tracing", feature = "metrics")),
        expect(dead_code, reason = "only events and metrics carry the name")
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
    pub(crate) fn attempted(&self, cause: Option<Cause>) {
        #[cfg(feature = "metrics")]
        self.counters.attempted(self.name, cause);
        let _ = (self, cause);
    }

    /// A retry is paid for and its wait begins.
    pub(crate) fn retrying(&self, cause: Cause, attempts: u32, wait: Duration) {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            name = self.name,
            cause = cause.as_str(),
            attempts,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "retrying"
        );
        let _ = (self, cause, attempts, wait);
    }

    /// A result worth a retry goes to the caller.
    pub(crate) fn gave_up(&self, why: GaveUp, attempts: u32) {
        #[cfg(feature = "tracing")]
        tracing::debug!(name = self.name, cause = why.as_str(), attempts, "gave up");
        #[cfg(feature = "metrics")]
        self.counters.gave_up(self.name, why);
        let _ = (self, why, attempts);
    }
}

#[cfg(feature = "metrics")]
mod metered {
    use std::{fmt, sync::OnceLock};

    use metrics::{Counter, counter};

    use super::{Cause, GaveUp};

    #[derive(Default)]
    pub(super) struct Counters {
        attempts: [OnceLock<Counter>; Cause::COUNT + 1],
        gave_up: [OnceLock<Counter>; GaveUp::COUNT],
    }

    impl Counters {
        pub(super) fn attempted(&self, name: &'static str, cause: Option<Cause>) {
            let (slot, outcome) =
                cause.map_or((Cause::COUNT, "done"), |c| (c as usize, c.as_str()));
            self.attempts[slot]
                .get_or_init(
                    || counter!("tower_backoff_attempts_total", "name" => name, "outcome" => outcome),
                )
                .increment(1);
        }

        pub(super) fn gave_up(&self, name: &'static str, why: GaveUp) {
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

#[cfg(any(feature = "tracing", feature = "metrics"))]
impl Cause {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Costly => "costly",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(any(feature = "tracing", feature = "metrics"))]
impl GaveUp {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Costly => "costly",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::NotCloneable => "not_cloneable",
            Self::Hint => "hint",
            Self::Rejected => "rejected",
        }
    }
}
