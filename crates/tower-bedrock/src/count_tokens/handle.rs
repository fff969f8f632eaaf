use super::{shared::Shared, snapshot::CountTokensSnapshot};
use std::{fmt, sync::Arc};

/// Reads what a [`CountTokensLayer`](super::CountTokensLayer) has done, from anywhere. Made by
/// [`CountTokensLayer::handle`](super::CountTokensLayer::handle).
#[derive(Clone)]
pub struct CountTokensHandle {
    pub(super) shared: Arc<Shared>,
}

impl CountTokensHandle {
    /// What became of the requests so far.
    #[must_use]
    pub fn snapshot(&self) -> CountTokensSnapshot {
        self.shared.failures.snapshot()
    }
}

impl fmt::Debug for CountTokensHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        f.debug_struct("CountTokensHandle")
            .field("snapshot", &snapshot)
            .finish()
    }
}
