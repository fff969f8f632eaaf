use std::{fmt, sync::Weak};

use super::Outdated;
use crate::store::Scope;

/// The memory of a cache, for a [`RemoteStore`](crate::RemoteStore) that hears of what other processes
/// invalidate. Once the cache is gone it does nothing.
pub struct SharedMemory<K>(Weak<dyn Forgets<K>>);

/// A cache, without the types of its values and of its store.
pub(crate) trait Forgets<K>: Send + Sync {
    fn forget(&self, scope: &Scope<K>);
}

impl<K> SharedMemory<K> {
    pub(crate) fn new(cache: Weak<dyn Forgets<K>>) -> Self {
        Self(cache)
    }

    /// Forgets what is stored in this process of `what`, and keeps the answers of calls that are under way
    /// from being stored.
    pub fn forget(&self, what: Outdated<'_, K>)
    where
        K: Clone,
    {
        let Some(cache) = self.0.upgrade() else {
            return;
        };
        cache.forget(&match what {
            Outdated::Key(key) => Scope::Key(key.clone()),
            Outdated::Tag(tag) => Scope::Tag(tag.into()),
            Outdated::All => Scope::All,
        });
    }
}

impl<K> Clone for SharedMemory<K> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<K> fmt::Debug for SharedMemory<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory").finish_non_exhaustive()
    }
}
