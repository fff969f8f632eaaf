use super::key::CacheKey;
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The keys of ConverseStream under which a stream was kept, to be found by Converse.
#[derive(Default)]
pub(super) struct RecordedStreams {
    until: Mutex<HashMap<CacheKey, Instant>>,
}

/// Some 200 kilobytes. Those beyond are not found by Converse.
const MOST: usize = 4096;

impl RecordedStreams {
    pub(super) fn add(&self, key: CacheKey, ttl: Duration) {
        let now = Instant::now();
        let Some(until) = now.checked_add(ttl) else {
            return;
        };
        let mut keys = self.keys();
        if keys.len() >= MOST {
            keys.retain(|_, until| *until > now);
        }
        if keys.len() < MOST {
            keys.insert(key, until);
        }
    }

    /// Whether a stream may still be kept under it. The store knows better.
    pub(super) fn has(&self, key: &CacheKey) -> bool {
        let now = Instant::now();
        self.keys().get(key).is_some_and(|until| *until > now)
    }

    pub(super) fn forget(&self, key: &CacheKey) {
        self.keys().remove(key);
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<CacheKey, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RecordedStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedStreams").finish_non_exhaustive()
    }
}
