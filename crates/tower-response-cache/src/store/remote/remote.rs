use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{future::Future, hash::Hash, time::Duration};

use tokio::time::{Instant, timeout};

use super::{ErasedRemote, Failure, Fetched, RemoteEntry, RemoteLead, SharedMemory, wall_clock};
use super::{call_time::CallTime, floors::Floors, outage::Outage};
use crate::store::{Entry, Scope};

/// The remote store of a cache, how it does, and what of it is out of date.
pub(crate) struct Remote<K, V> {
    store: Arc<dyn ErasedRemote<K, V>>,
    floors: Mutex<Floors<K>>,
    outage: Mutex<Outage>,
    call_time: Mutex<CallTime>,
}

impl<K, V> Remote<K, V> {
    pub(crate) fn new(store: Arc<dyn ErasedRemote<K, V>>) -> Self {
        Self {
            store,
            floors: Mutex::default(),
            outage: Mutex::default(),
            call_time: Mutex::default(),
        }
    }

    pub(crate) fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry> {
        let took = wall_clock::micros(entry.stored_at()).saturating_sub(entry.began());
        locked(&self.call_time).note(Duration::from_micros(took));
        self.store.encode(key, entry)
    }

    /// How long a caller waits for the call of another process: not longer than calls take.
    pub(crate) fn wait_at_most(&self, most: Duration) -> Duration {
        locked(&self.call_time).at_most(most)
    }

    pub(crate) async fn insert(
        &self,
        key: &K,
        entry: RemoteEntry,
        limit: Duration,
    ) -> Result<bool, Failure> {
        self.ask(|store| store.insert(key, entry), limit).await
    }

    pub(crate) async fn forget(
        &self,
        scope: &Scope<K>,
        before: u64,
        limit: Duration,
    ) -> Result<(), Failure> {
        // In an outage, too: whoever invalidates wants to know.
        let forgotten = limited(self.store.forget(scope, before), limit).await;
        self.note(&forgotten);
        forgotten
    }

    /// Hears what other processes invalidate.
    pub(crate) fn listen(
        &self,
        memory: SharedMemory<K>,
    ) -> impl Future<Output = ()> + Send + use<K, V>
    where
        K: 'static,
        V: 'static,
    {
        let store = Arc::clone(&self.store);
        async move { store.listen(memory).await }
    }

    /// Asks, unless there is an outage.
    async fn ask<'a, T, F>(
        &'a self,
        question: impl FnOnce(&'a dyn ErasedRemote<K, V>) -> F,
        limit: Duration,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        if !locked(&self.outage).admits(Instant::now()) {
            return Err(Failure::NotAsked);
        }
        let answer = limited(question(&*self.store), limit).await;
        self.note(&answer);
        answer
    }

    fn note<T>(&self, answer: &Result<T, Failure>) {
        let mut outage = locked(&self.outage);
        match answer {
            Ok(_) | Err(Failure::Unreadable) => outage.succeeded(),
            Err(Failure::Unreachable) => outage.failed(Instant::now()),
            Err(Failure::NotAsked) => {}
        }
    }
}

impl<K: Hash + Eq + Clone, V> Remote<K, V> {
    /// The entry of `key`, unless it is out of date.
    pub(crate) async fn get(&self, key: &K, limit: Duration) -> Result<Option<Entry<V>>, Failure> {
        let found = self.ask(|store| store.get(key), limit).await?;
        // Looked at after the answer, so that what was invalidated meanwhile counts.
        Ok(found.filter(|entry| self.admits(key, entry)))
    }

    /// The entry of `key`, unless it is out of date, or the lead of its flight among processes.
    pub(crate) async fn get_or_lead(
        &self,
        key: &K,
        limit: Duration,
    ) -> Result<Fetched<V>, Failure> {
        let found = self.ask(|store| store.get_or_lead(key), limit).await?;
        Ok(match found {
            Fetched::Entry(entry) if !self.admits(key, &entry) => {
                Fetched::Lead(RemoteLead::alone())
            }
            found => found,
        })
    }

    fn admits(&self, key: &K, entry: &Entry<V>) -> bool {
        locked(&self.floors).admit(key, entry.tags(), entry.began())
    }

    /// Refuses entries of `scope` whose calls began before now, and says when that is.
    pub(crate) fn refuse_older(&self, scope: &Scope<K>) -> u64 {
        let now = wall_clock::stamp();
        self.refuse_before(scope, now);
        now
    }

    /// Refuses entries of `scope` whose calls began before `time`.
    pub(crate) fn refuse_before(&self, scope: &Scope<K>, time: u64) {
        locked(&self.floors).raise(scope, time);
    }
}

fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A question that takes longer has failed. Outside of a runtime there is no clock to tell.
pub(crate) async fn limited<T>(
    question: impl Future<Output = Result<T, Failure>>,
    limit: Duration,
) -> Result<T, Failure> {
    if limit == Duration::MAX || tokio::runtime::Handle::try_current().is_err() {
        return question.await;
    }
    timeout(limit, question)
        .await
        .unwrap_or(Err(Failure::Unreachable))
}
