//! Every log line. Called outside locks.

use super::advice::Advice;

/// A key of the monitor has its first advice.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(super) fn advice(advice: &Advice) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "tower_bedrock::telemetry",
        key = &*advice.key,
        reason = advice.reason.as_str(),
        suggested_max_tokens = advice.suggested_max_tokens,
        "{advice}"
    );
}
