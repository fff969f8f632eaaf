use std::sync::{Mutex, PoisonError};
use std::{future::Future, hash::Hash, time::Duration};

use tokio::time::timeout;

use super::{ErasedRemote, RemoteEntry, Unreachable, floors::Floors, wall_clock};
use crate::store::{Entry, Scope};

/// The remote store of a cache, how long each question to it may take, and what of it is out of date.
pub(crate) struct Remote<K, V> {
    store: Box<dyn ErasedRemote<K, V>>,
    floors: Mutex<Floors<K>>,
}

impl<K, V> Remote<K, V> {
    pub(crate) fn new(store: Box<dyn ErasedRemote<K, V>>) -> Self {
        Self {
            store,
            floors: Mutex::default(),
        }
    }

    pub(crate) fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry> {
        self.store.encode(key, entry)
    }

    pub(crate) async fn insert(
        &self,
        key: &K,
        entry: RemoteEntry,
        limit: Duration,
    ) -> Result<bool, Unreachable> {
        limited(self.store.insert(key, entry), limit).await
    }

    pub(crate) async fn forget(
        &self,
        scope: &Scope<K>,
        before: u64,
        limit: Duration,
    ) -> Result<(), Unreachable> {
        limited(self.store.forget(scope, before), limit).await
    }
}

impl<K: Hash + Eq + Clone, V> Remote<K, V> {
    /// The entry of `key`, unless it is out of date.
    pub(crate) async fn get(
        &self,
        key: &K,
        limit: Duration,
    ) -> Result<Option<Entry<V>>, Unreachable> {
        let found = limited(self.store.get(key), limit).await?;
        // Looked at after the answer, so that what was invalidated meanwhile counts.
        let admits = |entry: &Entry<V>| self.floors(|f| f.admit(key, entry.tags(), entry.began()));
        Ok(found.filter(admits))
    }

    /// Refuses entries of `scope` whose calls began before now, and says when that is.
    pub(crate) fn refuse_older(&self, scope: &Scope<K>) -> u64 {
        let now = wall_clock::stamp();
        self.refuse_before(scope, now);
        now
    }

    /// Refuses entries of `scope` whose calls began before `time`.
    pub(crate) fn refuse_before(&self, scope: &Scope<K>, time: u64) {
        self.floors(|floors| floors.raise(scope, time));
    }

    fn floors<T>(&self, look: impl FnOnce(&mut Floors<K>) -> T) -> T {
        look(&mut self.floors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A question that takes longer has failed. Outside of a runtime there is no clock to tell.
pub(crate) async fn limited<T>(
    question: impl Future<Output = Result<T, Unreachable>>,
    limit: Duration,
) -> Result<T, Unreachable> {
    if limit == Duration::MAX || tokio::runtime::Handle::try_current().is_err() {
        return question.await;
    }
    timeout(limit, question).await.unwrap_or(Err(Unreachable))
}
