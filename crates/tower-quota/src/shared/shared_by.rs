use std::fmt;
use std::sync::Arc;

use super::log::SharedLog;
use super::turn::MemberId;

/// By what processes share their keys, and which of them this one is.
#[derive(Clone)]
pub(crate) struct SharedBy {
    pub(crate) log: Arc<dyn SharedLog>,
    pub(crate) me: MemberId,
}

impl SharedBy {
    pub(crate) fn new(log: impl SharedLog) -> Self {
        Self {
            log: Arc::new(log),
            me: fastrand::u64(..),
        }
    }
}

impl fmt::Debug for SharedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBy").finish_non_exhaustive()
    }
}
