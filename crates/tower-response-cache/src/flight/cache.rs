use std::{
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::time::Instant;

use super::callers::{FlightTable, LockedTable, Write};
use super::{listener::Listener, pauses::Pauses};
use crate::store::remote::{Failure, Forgets, Remote, SharedMemory, limited, wall_clock};
use crate::store::{Entry, Freshness, Scope, Store};
use crate::{
    counters::Counters, policy::CacheStatus, settings::Settings, snapshot::Snapshot,
    store::remote::RemoteEntry, telemetry::Telemetry,
};

mod fetch;

pub(crate) use self::fetch::Fetch;

/// The two stores of a cache, the flights that fill them, and the counts.
pub(crate) struct Cache<K, V, St> {
    store: St,
    remote: Option<Remote<K, V>>,
    listener: Listener,
    flights: Arc<LockedTable<K, V>>,
    pauses: Mutex<Pauses<K>>,
    counters: Counters,
    telemetry: Telemetry,
    settings: Settings,
    /// Whether a handle, a clone or a service was taken from the layer.
    taken: AtomicBool,
}

impl<K, V, St> Cache<K, V, St> {
    pub(crate) fn new(store: St, remote: Option<Remote<K, V>>) -> Self {
        let settings = Settings::default();
        Self {
            store,
            remote,
            listener: Listener::default(),
            flights: Arc::new(LockedTable::new(settings)),
            pauses: Mutex::default(),
            counters: Counters::default(),
            telemetry: Telemetry::new(settings.name),
            settings,
            taken: AtomicBool::new(false),
        }
    }

    /// From here on turning a knob panics.
    pub(crate) fn take(&self) {
        // A knob owns the layer, so whatever handed it over has ordered this store before it.
        self.taken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        // Made anew, since nothing is under way in a cache that nobody shares.
        self.flights = Arc::new(LockedTable::new(self.settings));
        self.telemetry = Telemetry::new(self.settings.name);
    }

    pub(crate) fn set_remote(&mut self, remote: Remote<K, V>) {
        self.remote = Some(remote);
    }

    pub(crate) fn flights(&self) -> &Arc<LockedTable<K, V>> {
        &self.flights
    }

    pub(crate) fn has_remote(&self) -> bool {
        self.remote.is_some()
    }

    pub(crate) fn count(&self, status: CacheStatus) {
        self.counters.request(status);
        self.telemetry.request(status);
    }

    /// Counts a call that no request waits for.
    pub(crate) fn count_revalidation(&self) {
        self.counters.revalidation();
        self.telemetry.revalidation();
    }

    /// Counts an old answer to a request that is counted already, by the call that failed.
    pub(crate) fn count_stale(&self) {
        self.counters.request(CacheStatus::StaleIfError);
    }

    /// Counts a write to the remote store that was not begun.
    pub(crate) fn count_unwritten(&self) {
        self.counters.remote_failure(Failure::Unreachable);
    }

    /// `entry` in the form of the remote store; `None` if there is no such store, or the value is not
    /// for it.
    pub(crate) fn encode(&self, key: &K, entry: &Entry<V>) -> Option<RemoteEntry> {
        self.remote.as_ref()?.encode(key, entry)
    }

    /// Now, by the clock that processes share; 0 if there is nothing that they share.
    pub(crate) fn began(&self) -> u64 {
        let shared = self.remote.as_ref();
        shared.map_or(0, |_| wall_clock::stamp())
    }

    /// Says whether the entry was taken: it is not if the store knows that it is out of date.
    pub(crate) async fn write_remote(&self, key: &K, entry: RemoteEntry) -> Result<bool, Failure> {
        let Some(remote) = &self.remote else {
            return Ok(true);
        };
        let limit = self.settings.remote_timeout;
        let written = remote.insert(key, entry, limit).await;
        self.counted(written)
    }

    /// Forgets what the remote store has from calls that began before that time.
    pub(crate) async fn forget_remote(&self, scope: &Scope<K>, before: u64) -> Result<(), Failure> {
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        let limit = self.settings.remote_timeout;
        let forgotten = remote.forget(scope, before, limit).await;
        self.counted(forgotten)
    }

    fn counted<T>(&self, answer: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &answer {
            self.counters.remote_failure(*failure);
        }
        answer
    }
}

impl<K: Hash + Eq + Clone, V, St> Cache<K, V, St> {
    /// Refuses what the remote store has of `scope`, by calls that began before now, and says when that is.
    pub(crate) fn refuse_older(&self, scope: &Scope<K>) -> u64 {
        let remote = self.remote.as_ref();
        remote.map_or(0, |remote| remote.refuse_older(scope))
    }

    /// Refuses what the remote store has for `key`, by calls that began before `time`.
    pub(crate) fn refuse_before(&self, key: &K, time: u64) {
        if let Some(remote) = &self.remote {
            remote.refuse_before(&Scope::Key(key.clone()), time);
        }
    }
}

impl<K: Hash + Eq, V, St> Cache<K, V, St> {
    /// Whether a call for a stale answer may be made now.
    pub(crate) fn may_revalidate(&self, key: &K) -> bool {
        self.pauses(|pauses| pauses.is_over(key, Instant::now()))
    }

    pub(crate) fn revalidated(&self, key: &K) {
        self.pauses(|pauses| pauses.succeed(key));
    }

    /// Counts a call for a stale answer that failed or was dropped.
    pub(crate) fn not_revalidated(&self, key: K) {
        self.pauses(|pauses| pauses.fail(key, Instant::now()));
        self.counters.failed_revalidation();
    }

    fn pauses<T>(&self, look: impl FnOnce(&mut Pauses<K>) -> T) -> T {
        look(&mut self.pauses.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Hash + Eq, V, St: Store<K, V>> Cache<K, V, St> {
    /// The entry of the store, unless it is expired.
    pub(crate) fn get(&self, key: &K) -> Option<(V, Freshness)> {
        let now = Instant::now();
        let entry = self.store.get(key, now)?;
        let freshness = entry.freshness(now);
        (freshness != Freshness::Expired).then(|| (entry.into_value(), freshness))
    }

    pub(crate) fn get_fresh(&self, key: &K) -> Option<V> {
        let (value, freshness) = self.get(key)?;
        (freshness == Freshness::Fresh).then_some(value)
    }

    /// When the call began whose answer is stored, however old; 0 if there is none.
    pub(crate) fn began_of(&self, key: &K) -> u64 {
        let entry = self.store.get(key, Instant::now());
        entry.map_or(0, |entry| entry.began())
    }

    /// The writes to the remote store that are under way, of answers in `scope`.
    pub(crate) fn writes(&self, scope: &Scope<K>) -> Vec<Write> {
        self.flights.with(|table| table.writes(scope))
    }

    /// Whether each of these writes comes to pass.
    pub(crate) async fn all_done(&self, writes: Vec<Write>) -> bool {
        let all = async {
            let mut done = true;
            for write in writes {
                done &= write.comes_to_pass().await;
            }
            Ok(done)
        };
        // Each has a limit of its own, which is none where its runtime is not driven any more.
        let limit = self.settings.remote_timeout.saturating_mul(2);
        limited(all, limit).await.unwrap_or(false)
    }

    pub(crate) fn insert(&self, key: K, entry: Entry<V>) {
        self.counters.insert(self.store.insert(key, entry));
        self.flights.note_stored();
    }

    pub(crate) fn remove(&self, key: &K) {
        self.store.remove(key);
    }

    /// Removes the answer to a call that began then, unless a newer one has taken its place.
    pub(crate) fn remove_of(&self, key: &K, began: u64) {
        if self.began_of(key) <= began {
            self.store.remove(key);
        }
    }

    /// Forgets what is stored in this process and what is under way.
    pub(crate) fn forget(&self, scope: &Scope<K>) {
        // Flights first. One that has stored its answer loses it by the second step. One that has not
        // either finds its claim revoked, or stores after the second step and then takes its answer
        // back. The other way round, one could store between the two steps and keep its claim.
        match scope {
            Scope::Key(key) => {
                self.flights.with(|table| table.revoke(key));
                self.store.remove(key);
            }
            Scope::Tag(tag) => {
                self.flights.with(|table| table.revoke_tag(tag));
                self.store.remove_tag(tag);
            }
            Scope::All => {
                self.flights.with(FlightTable::revoke_all);
                self.store.clear();
            }
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let (flights, waiting) = self.flights.with(|table| table.count());
        Snapshot {
            flights,
            waiting,
            ..self.counters.snapshot(self.store.snapshot())
        }
    }
}

impl<K, V, St> Cache<K, V, St>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    St: Store<K, V>,
{
    /// Sees to it that what other processes invalidate is heard.
    pub(crate) fn listen(self: &Arc<Self>) {
        let Some(remote) = &self.remote else {
            return;
        };
        self.listener.start(|missed| {
            if missed {
                self.forget(&Scope::All);
            }
            let cache: Weak<Self> = Arc::downgrade(self);
            remote.listen(SharedMemory::new(cache))
        });
    }
}

impl<K, V, St> Forgets<K> for Cache<K, V, St>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    St: Store<K, V>,
{
    fn forget(&self, scope: &Scope<K>) {
        Self::forget(self, scope);
    }
}
