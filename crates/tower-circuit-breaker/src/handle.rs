use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::circuit::Circuit;
use crate::shared::{Shard, SharedCircuit};
use crate::snapshot::Snapshot;
use crate::transition::State;

/// Shows one circuit and steers it.
///
/// What it does takes effect before it returns: no call that starts after it sees the state
/// before, and results of calls that were under way no longer count.
///
/// # Clone
///
/// Clones steer the same circuit.
#[derive(Clone)]
pub struct Handle {
    shard: Arc<Shard>,
}

impl Handle {
    pub(crate) fn new(shard: Arc<Shard>) -> Self {
        Self { shard }
    }

    fn circuit(&self) -> &SharedCircuit {
        self.shard.circuit()
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.circuit().state()
    }

    /// State, counts and rates, all of one moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.circuit().change(Snapshot::of)
    }

    /// Whether the next call would be rejected.
    #[cfg(feature = "load")]
    pub(crate) fn rejects(&self) -> bool {
        self.circuit().rejects()
    }

    /// The text of the circuit's key, or `None` where all requests share one circuit.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.circuit().key()
    }

    /// Opens the circuit, and keeps it open until it is forced otherwise or reset.
    pub fn force_open(&self) {
        self.circuit()
            .change(|circuit, now| circuit.force_open(now, None));
    }

    /// Opens the circuit for `time`; the first call after it is a probe.
    pub fn force_open_for(&self, time: Duration) {
        self.circuit()
            .change(|circuit, now| circuit.force_open(now, Some(time)));
    }

    /// Closes the circuit, and keeps it closed whatever the results until it is forced otherwise
    /// or reset.
    pub fn force_closed(&self) {
        self.circuit().change(Circuit::force_closed);
    }

    /// Closes the circuit and forgets all results: as if it were new.
    pub fn reset(&self) {
        self.circuit().change(Circuit::reset);
    }

    /// Waits until the state is another than `state`, and returns it.
    ///
    /// Returns at once if it is so already. A state that comes and goes before the waiting task
    /// runs may be missed.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost by dropping the future.
    pub async fn changed_from(&self, state: State) -> State {
        self.circuit().changed_from(state).await
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
