use std::{fmt, sync::Arc};

use tokio::time::Instant;

use crate::{snapshot::Snapshot, state::State};

/// Reads what a layer has done, from anywhere. Made by
/// [`BackoffLayer::handle`](crate::BackoffLayer::handle).
#[derive(Clone)]
pub struct Handle {
    state: Arc<State>,
}

impl Handle {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// The counts and the budget as they stand. Neither waits nor allocates.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.state.snapshot(Instant::now())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
