use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::opened_by::OpenedBy;
use super::state::State;

/// A change of a circuit's state, as
/// [`on_transition`](crate::CircuitBreakerLayer::on_transition) is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The layer's name.
    pub name: &'static str,
    /// The text of the circuit's key, or `None` where all requests share one circuit.
    pub key: Option<Arc<str>>,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Why it opened; `None` where it did not.
    pub opened_by: Option<OpenedBy>,
    /// How long it stays open; `None` where it did not open, or was forced open without an end.
    pub retry_after: Option<Duration>,
}

/// Whom to tell of transitions.
#[derive(Clone)]
pub(crate) struct OnTransition(Arc<dyn Fn(&Transition) + Send + Sync>);

impl OnTransition {
    pub(crate) fn new(tell: impl Fn(&Transition) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(crate) fn tell(&self, transition: &Transition) {
        (self.0)(transition);
    }
}

impl fmt::Debug for OnTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnTransition")
    }
}
