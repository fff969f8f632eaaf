//! Every log line and metric. Called outside locks.
#![cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(unused_variables)
)]

use crate::call::Throttle;
use crate::error::{Cause, Rejected};

/// A call was admitted.
pub(crate) fn admitted(name: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_quota_admitted_total", "name" => name).increment(1);
}

/// A call was rejected.
pub(crate) fn rejected(name: &'static str, rejected: &Rejected) {
    let cause = match rejected.cause() {
        Cause::TooLarge { .. } => "too_large",
        Cause::QueueFull => "queue_full",
        Cause::MaxWait => "max_wait",
        Cause::Deadline => "deadline",
        Cause::SeemsTooLarge { .. } => "seems_too_large",
        Cause::Exhausted => "exhausted",
    };
    #[cfg(feature = "tracing")]
    tracing::debug!(name, key = rejected.key(), cause, "call rejected");
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_quota_rejected_total", "name" => name, "cause" => cause).increment(1);
}

/// A call came of a key that there is no room for. The first such call is an event.
pub(crate) fn overflowed(name: &'static str, max_keys: usize, is_news: bool) {
    #[cfg(feature = "tracing")]
    if is_news {
        tracing::warn!(name, max_keys, "new keys share an account");
    }
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_quota_overflowed_total", "name" => name).increment(1);
}

/// The server refused a call that the ledger had admitted.
pub(crate) fn throttled(name: &'static str, key: &str, throttle: Throttle) {
    let kind = match throttle {
        Throttle::Rate { .. } => "rate",
        Throttle::Exhausted { .. } => "exhausted",
    };
    #[cfg(feature = "tracing")]
    tracing::warn!(name, key, kind, "call throttled unexpectedly");
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_quota_throttled_total", "name" => name, "kind" => kind).increment(1);
}
