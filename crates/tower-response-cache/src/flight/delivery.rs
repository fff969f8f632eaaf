use std::sync::Arc;

use tokio::time::Instant;

use super::cache::Cache;
use super::callers::{Background, Ended, Key, Lead, Value, Waiter, Write, WriteEnd, Written};
use crate::policy::{CacheStatus, Keep};
use crate::store::remote::{RemoteEntry, RemoteLead};
use crate::store::{Entry, Freshness, Scope, Store};

/// Takes the result of a flight to the stores and to those who wait, and ends the flight.
pub(crate) struct Delivery<K, V, St> {
    pub(crate) cache: Arc<Cache<K, V, St>>,
    pub(crate) key: K,
    pub(crate) flight: u64,
    /// When the call began, by the clock that processes share.
    pub(crate) began: u64,
    /// The lead among processes, which lasts until the answer is written.
    #[expect(dead_code, reason = "it is held for its drop")]
    pub(crate) remote: Option<RemoteLead>,
}

impl<K: Key, V: Value, St: Store<K, V>> Delivery<K, V, St> {
    /// For the flight of `lead`, whose call begins now.
    pub(crate) fn new(cache: &Arc<Cache<K, V, St>>, lead: &Lead<K, V>) -> Self {
        Self {
            cache: Arc::clone(cache),
            key: lead.key().clone(),
            flight: lead.flight(),
            began: cache.began(),
            remote: None,
        }
    }

    /// Stores what is to be kept, then hands it to those who wait.
    ///
    /// The other way round, a caller between the two would find neither an answer nor a flight to join,
    /// and would make a second call.
    pub(crate) fn deliver(self, keep: Option<Keep>, share: impl Fn() -> Option<V>) {
        let keep = keep.filter(|keep| keep.is_for_use() && self.claim(keep));
        let (mut value, mut remote) = (None, None);
        if let Some(keep) = keep {
            value = share();
            if let Some(value) = value.clone() {
                let entry = Entry::new(value, keep, Instant::now()).with_began(self.began);
                // Encoded now: the store takes the entry.
                remote = self.cache.encode(&self.key, &entry);
                self.cache.insert(self.key.clone(), entry);
            }
        }
        // If a write is to come, the flight stays in the table, where an invalidation reaches it.
        let (write_end, write) = remote.is_some().then(Write::new).unzip();
        let ended = (self.cache.flights()).with(|table| match write {
            Some(write) => table.start_writing(&self.key, self.flight, write),
            None => table.end(&self.key, self.flight),
        });
        if value.is_some() && !ended.keepable {
            // It was invalidated, or a later call overtook it, between the claim and now. This may also
            // remove what the later call has stored; then the next caller makes one call too many.
            self.cache.remove(&self.key);
        }
        match remote.zip(write_end) {
            Some((remote, write_end)) if ended.keepable => {
                WriteBehind(self, write_end).start(remote);
            }
            Some(_) => drop(self.end()),
            None => {}
        }
        // An answer that is not kept is shared only if somebody waits for it.
        if !ended.waiters.is_empty() {
            let value = value.or_else(share);
            ended.tell(value.as_ref(), CacheStatus::Joined);
        }
    }

    /// Hands over a stale answer, for which the flight gets a new one without its callers.
    pub(crate) fn release(&self, stale: &V) {
        let released = (self.cache.flights()).with(|table| table.release(&self.key, self.flight));
        released.tell(Some(stale), CacheStatus::Stale);
    }

    /// Hands over what is stored, however old, if there is anything.
    pub(crate) fn deliver_stale(&self) -> Option<V> {
        let (value, _) = self.cache.get(&self.key)?;
        self.end().tell(Some(&value), CacheStatus::StaleIfError);
        Some(value)
    }

    /// Ends a call without an answer for others: the next one makes its own. After some of them the others
    /// get what `share` makes, or all make their own.
    pub(crate) fn pass_on(&self, share: impl FnOnce() -> Option<V>) {
        let (flights, most) = (self.cache.flights(), self.cache.settings().failures_in_turn);
        match flights.with(|table| table.fail(&self.key, self.flight, most)) {
            Some(ended) if ended.waiters.is_empty() => {}
            Some(ended) => ended.tell(share().as_ref(), CacheStatus::Joined),
            None => drop(flights.pass_on(&self.key, self.flight, None, false)),
        }
    }

    /// Stores an entry of the remote store, and gives its value. An entry that is older than the one at
    /// hand is of no use.
    ///
    /// The flight goes on if the value is stale. So a second claim, and not the end of the flight,
    /// tells whether the entry may stay.
    pub(crate) fn bring(&self, entry: Entry<V>) -> Option<(V, Freshness)> {
        if self.cache.began_of(&self.key) > entry.began() {
            return None;
        }
        let freshness = entry.freshness(Instant::now());
        let value = entry.value().clone();
        let keep = entry.keep().clone();
        if self.claim(&keep) {
            self.cache.insert(self.key.clone(), entry);
            if !self.claim(&keep) {
                self.cache.remove(&self.key);
            }
        }
        Some((value, freshness))
    }

    fn claim(&self, keep: &Keep) -> bool {
        let tags = keep.shared_tags();
        (self.cache.flights()).with(|table| table.claim(&self.key, self.flight, tags))
    }

    pub(super) fn end(&self) -> Ended<Waiter<V>, Arc<V>> {
        (self.cache.flights()).with(|table| table.end(&self.key, self.flight))
    }
}

/// A flight whose callers have their answer, which is being written to the remote store. Dropped, the
/// flight ends.
struct WriteBehind<K: Key, V: Value, St: Store<K, V>>(Delivery<K, V, St>, WriteEnd);

impl<K: Key, V: Value, St: Store<K, V>> WriteBehind<K, V, St> {
    /// Writes in a task of its own, since no caller is to wait for the remote store.
    pub(crate) fn start(self, entry: RemoteEntry) {
        match Background::at_hand() {
            Some(background) => background.spawn(self.write(entry)),
            None => self.0.cache.count_unwritten(),
        }
    }

    async fn write(self, entry: RemoteEntry) {
        let written = self.0.cache.write_remote(&self.0.key, entry).await;
        match written {
            Ok(true) => {}
            // Another process has invalidated it, or has a newer one: it is of no use here either.
            Ok(false) => self.0.cache.remove_of(&self.0.key, self.0.began),
            // An older answer may still be there, and must not come back.
            Err(_) => self.0.cache.refuse_before(&self.0.key, self.0.began),
        }
        let end = written.map_or(Written::Unknown, |_| Written::Done);
        self.1.send_replace(end);
        let flights = self.0.cache.flights();
        if flights.with(|table| table.end_if_keepable(&self.0.key, self.0.flight)) {
            return;
        }
        // It was invalidated, or a later call overtook it, during the write. The write may have come
        // last, so it is taken back. The flight stays until that is done: as long as it is in the
        // table, no other flight reads the old answer there. A failure is counted and left, as the
        // invalidation or the later call goes to the remote store, too.
        let scope = Scope::Key(self.0.key.clone());
        let before = self.0.began.saturating_add(1);
        let _ = self.0.cache.forget_remote(&scope, before).await;
    }
}

impl<K: Key, V: Value, St: Store<K, V>> Drop for WriteBehind<K, V, St> {
    fn drop(&mut self) {
        // Nobody waits for it any more.
        drop(self.0.end());
    }
}
