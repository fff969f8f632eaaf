//! Every log line and metric. Called outside locks.

#[cfg(feature = "metrics")]
mod gauges;

#[cfg(feature = "metrics")]
pub use self::gauges::Gauges;

use crate::transition::{State, Transition};

/// A circuit has changed its state. Told in order, so that the gauge shows the last state.
#[cfg_attr(
    not(any(feature = "tracing", feature = "metrics")),
    allow(unused_variables)
)]
pub(crate) fn changed(transition: &Transition) {
    #[cfg(feature = "tracing")]
    tracing::info!(
        name = transition.name,
        key = transition.key.as_deref(),
        from = transition.from.as_str(),
        to = transition.to.as_str(),
        opened_by = transition.opened_by.map(tracing::field::display),
        retry_after = transition.retry_after.map(tracing::field::debug),
        "circuit changed"
    );
    #[cfg(feature = "metrics")]
    {
        metrics::counter!(
            "tower_circuit_breaker_transitions_total",
            "name" => transition.name,
            "from" => transition.from.as_str(),
            "to" => transition.to.as_str(),
        )
        .increment(1);
        if let Some(by) = transition.opened_by {
            metrics::counter!(
                "tower_circuit_breaker_opened_total",
                "name" => transition.name,
                "opened_by" => by.as_str(),
            )
            .increment(1);
        }
        if transition.key.is_none() {
            state(transition.name, transition.to);
        }
    }
}

/// The state of the one circuit of a layer.
#[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
pub(crate) fn state(name: &'static str, state: State) {
    #[cfg(feature = "metrics")]
    metrics::gauge!("tower_circuit_breaker_state", "name" => name).set(number(state));
}

#[cfg(feature = "metrics")]
const fn number(state: State) -> f64 {
    match state {
        State::Closed => 0.0,
        State::HalfOpen => 1.0,
        State::Open => 2.0,
    }
}

/// A call was rejected.
#[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
pub(crate) fn rejected(name: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_circuit_breaker_rejected_total", "name" => name).increment(1);
}

/// A call passed uncounted, since there are as many circuits as there may be.
#[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
pub(crate) fn uncounted(name: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_circuit_breaker_uncounted_total", "name" => name).increment(1);
}
