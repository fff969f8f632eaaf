//! Every log line. Called outside locks.

use crate::monitor::Advice;

/// A key of the monitor has its first advice.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(crate) fn advice(advice: &Advice) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        key = &*advice.key,
        reason = advice.reason.as_str(),
        suggested_max_tokens = advice.suggested_max_tokens,
        "{advice}"
    );
}
