//! Every log line and metric. Called outside locks.

use crate::state::State;

/// The circuit has gone `from` one state `to` another.
#[cfg_attr(
    not(any(feature = "tracing", feature = "metrics")),
    allow(unused_variables)
)]
pub(crate) fn changed(name: &'static str, key: Option<&str>, from: State, to: State) {
    #[cfg(feature = "tracing")]
    tracing::info!(
        name,
        key,
        from = from.as_str(),
        to = to.as_str(),
        "circuit changed"
    );
    #[cfg(feature = "metrics")]
    {
        metrics::counter!(
            "tower_circuit_breaker_transitions_total",
            "name" => name,
            "to" => to.as_str(),
        )
        .increment(1);
    }
}

/// A call was rejected.
#[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
pub(crate) fn rejected(name: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_circuit_breaker_rejected_total", "name" => name).increment(1);
}
