use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::circuit::State;
use crate::shared::Shard;
use crate::snapshot::Snapshot;

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

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.shard.circuit().state()
    }

    /// State, counts and rates, all of one moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shard.circuit().snapshot()
    }

    /// The text of the circuit's key, or `None` where all requests share one circuit.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.shard.circuit().key()
    }

    /// Opens the circuit, and keeps it open until it is forced otherwise or reset.
    pub fn force_open(&self) {
        self.shard.circuit().force_open(None);
    }

    /// Opens the circuit for `time`; the first call after it is a probe.
    pub fn force_open_for(&self, time: Duration) {
        self.shard.circuit().force_open(Some(time));
    }

    /// Closes the circuit, and keeps it closed whatever the results until it is forced otherwise
    /// or reset.
    pub fn force_closed(&self) {
        self.shard.circuit().force_closed();
    }

    /// Closes the circuit and forgets all results: as if it were new.
    pub fn reset(&self) {
        self.shard.circuit().reset();
    }

    /// Waits until the state is another than `state`, and returns it.
    ///
    /// Returns at once where it is so already. A state that comes and goes before the waiting
    /// task runs may be missed.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost by dropping the future.
    pub async fn changed_from(&self, state: State) -> State {
        self.shard.circuit().changed_from(state).await
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("key", &self.key())
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
