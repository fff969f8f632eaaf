//! Every log line and metric. Called outside locks.

use crate::circuit::State;

/// The circuit has gone `from` one state `to` another.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
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
    metrics::counter!(
        "tower_circuit_breaker_transitions_total",
        "name" => name,
        "from" => from.as_str(),
        "to" => to.as_str(),
    )
    .increment(1);
}

/// The one circuit of a layer may be in another state than before; `state` reads it.
///
/// Two threads may get here in another order than they changed the circuit. So each reads the
/// state again after it has written it, and the last one leaves the gauge right.
#[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
pub(crate) fn state(name: &'static str, state: impl Fn() -> State) {
    #[cfg(feature = "metrics")]
    loop {
        let written = state();
        metrics::gauge!("tower_circuit_breaker_state", "name" => name).set(match written {
            State::Closed => 0.0,
            State::HalfOpen => 1.0,
            State::Open => 2.0,
        });
        if state() == written {
            return;
        }
    }
}

/// A call was rejected.
#[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
pub(crate) fn rejected(name: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("tower_circuit_breaker_rejected_total", "name" => name).increment(1);
}
