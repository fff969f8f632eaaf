use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, RandomState};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use quick_cache::{Lifecycle, OptionsBuilder, sync::Cache};
use tokio::time::Instant;

use super::{sweep::Sweep, weight::EntryWeight};
use crate::store::{Entry, Store, StoreSnapshot};

/// The share of a shard that one entry may take: what `quick_cache` admits, by its own default.
const LARGEST_SHARE: f64 = 0.97;
const SHARD_BYTES: u64 = 1 << 20;
const SHARD_ENTRIES: u64 = 1 << 9;
const MAX_SHARDS: u64 = 16;
/// Half as many keys are remembered after their eviction, so that one that is asked for again is known.
const MAX_REMEMBERED: u64 = 1 << 18;

/// The default [`Store`]: in memory, bounded by weight, evicting what is used least.
///
/// The bound is split evenly over shards, each with a lock of its own, and an entry must fit into
/// its shard: see [`max_entry_weight`](Self::max_entry_weight). A larger one is refused.
///
/// An expired entry is removed when it is asked for, and now and then when the store is nearly full: it
/// counts towards the bound until then.
///
/// A value is neither cloned nor dropped under a lock. Keys are hashed, compared, cloned and dropped under
/// one, so these must not come back to the store.
pub struct MemoryStore<K, V> {
    cache: Cache<K, Shared<V>, EntryWeight, RandomState, Evicted>,
    weight: EntryWeight,
    max_entry_weight: u64,
    sweep: Mutex<Sweep>,
    evicted: AtomicU64,
}

/// Shared, so that the locks are held only for a count up or down.
type Shared<V> = Arc<Entry<V>>;

impl<K: Hash + Eq, V> MemoryStore<K, V> {
    /// A store that takes up at most `max_bytes` of memory, if each entry weighs as many bytes as its
    /// key and its value have on the heap.
    ///
    /// The store adds to each weight what an entry takes besides: key and value themselves, its times, its
    /// tags as if no other entry had them, and its place in the tables, which are half empty after they
    /// have grown.
    #[must_use]
    pub fn of_bytes(max_bytes: u64) -> Self {
        let shards = Self::shards(max_bytes, SHARD_BYTES);
        // What is remembered takes up to a twentieth of the bound.
        let remembered = max_bytes / (20 * EntryWeight::slot::<K>());
        Self::make(max_bytes, shards, EntryWeight::bytes::<K, V>(), remembered)
    }

    /// A store whose entries weigh `max_weight` at most, in the unit in which entries are weighed.
    ///
    /// There is one shard for each full 512 of `max_weight`, for each MiB in the case of
    /// [`of_bytes`](Self::of_bytes), rounded down to a power of two, at least 1 and at most 16. A
    /// `max_weight` of 0 stores nothing.
    #[must_use]
    pub fn new(max_weight: u64) -> Self {
        Self::with_shards(max_weight, Self::shards(max_weight, SHARD_ENTRIES))
    }

    /// A store with `shards` shards, rounded up to a power of two: more of them suit more threads,
    /// fewer of them suit larger entries.
    ///
    /// # Panics
    ///
    /// Panics if `shards` is 0 or larger than 65,536.
    #[must_use]
    pub fn with_shards(max_weight: u64, shards: u32) -> Self {
        assert!(
            (1..=1 << 16).contains(&shards),
            "shards must be in 1..=65536"
        );
        Self::make(
            max_weight,
            shards.next_power_of_two(),
            EntryWeight::AsSaid,
            max_weight,
        )
    }

    fn shards(max_weight: u64, shard_weight: u64) -> u32 {
        let wanted = (max_weight / shard_weight).clamp(1, MAX_SHARDS);
        1 << wanted.ilog2()
    }

    fn make(max_weight: u64, shards: u32, weight: EntryWeight, remembered: u64) -> Self {
        let shards = u64::from(shards);
        let shard_weight = max_weight / shards;
        // With less than 32 for each shard there would be fewer shards.
        let remembered = remembered.min(MAX_REMEMBERED).max(32 * shards);
        let options = OptionsBuilder::new()
            .shards(shards as usize)
            .estimated_items_capacity(remembered as usize)
            // Rounded down, so that the shards together never exceed the bound.
            .weight_capacity(shard_weight * shards)
            .hot_allocation(LARGEST_SHARE)
            .build()
            .expect("both capacities are set");
        Self {
            cache: Cache::with_options(options, weight, RandomState::new(), Evicted),
            weight,
            max_entry_weight: ((shard_weight as f64 * LARGEST_SHARE) as u64)
                .max(shard_weight.min(1)),
            sweep: Mutex::default(),
            evicted: AtomicU64::new(0),
        }
    }

    /// The weight of the largest entry that is taken: 97 % of a shard. What
    /// [`of_bytes`](Self::of_bytes) adds counts.
    pub fn max_entry_weight(&self) -> u64 {
        self.max_entry_weight
    }

    /// Removes expired entries if it is time for that.
    fn make_room(&self, expires_at: Option<Instant>) {
        if !self.sweep(|sweep| sweep.insert(expires_at)) {
            return;
        }
        let now = Instant::now();
        let nearly_full = self.cache.weight() >= self.cache.capacity() / 4 * 3;
        let entries = self.cache.len() as u64;
        if self.sweep(|sweep| sweep.look(entries, nearly_full, now)) {
            self.remove_if(|entry| {
                let expired = entry.is_expired(now);
                if !expired {
                    self.sweep(|sweep| sweep.expire(entry.expires_at()));
                }
                expired
            });
        }
    }

    fn sweep<T>(&self, look: impl FnOnce(&mut Sweep) -> T) -> T {
        look(&mut self.sweep.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes the entries of which `gone` is true.
    fn remove_if(&self, gone: impl Fn(&Entry<V>) -> bool) {
        // Dropped when no lock is held.
        let removed = RefCell::new(Vec::new());
        self.cache.retain(|_, entry| {
            let gone = gone(entry);
            if gone {
                removed.borrow_mut().push(Arc::clone(entry));
            }
            !gone
        });
    }
}

impl<K, V> Store<K, V> for MemoryStore<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn get(&self, key: &K, now: Instant) -> Option<Entry<V>> {
        let entry = self.cache.get(key)?;
        if entry.is_expired(now) {
            // Asked again under the lock: a new entry may have taken its place.
            self.cache.remove_if(key, |entry| entry.is_expired(now));
            return None;
        }
        Some((*entry).clone())
    }

    fn insert(&self, key: K, entry: Entry<V>) -> bool {
        if self.weight.of(&entry) > self.max_entry_weight {
            self.cache.remove(&key);
            return false;
        }
        self.make_room(entry.expires_at());
        let mut pushed_out = Vec::new();
        self.cache
            .insert_with_lifecycle(key.clone(), Arc::new(entry), &mut pushed_out);
        // The entry that was replaced is among them.
        let evicted = pushed_out.iter().filter(|(k, _)| *k != key).count();
        self.evicted.fetch_add(evicted as u64, Ordering::Relaxed);
        true
    }

    fn remove(&self, key: &K) {
        self.cache.remove(key);
    }

    fn remove_tag(&self, tag: &str) {
        self.remove_if(|entry| entry.has_tag(tag));
    }

    fn clear(&self) {
        self.remove_if(|_| true);
    }

    fn snapshot(&self) -> StoreSnapshot {
        StoreSnapshot {
            entries: self.cache.len() as u64,
            weight: self.cache.weight(),
            evicted: self.evicted.load(Ordering::Relaxed),
        }
    }
}

impl<K, V> fmt::Debug for MemoryStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("max_entry_weight", &self.max_entry_weight)
            .finish_non_exhaustive()
    }
}

/// Carries evicted entries out of the shard's lock, to be counted and dropped there.
#[derive(Clone)]
struct Evicted;

impl<K, V> Lifecycle<K, Shared<V>> for Evicted {
    type RequestState = Vec<(K, Shared<V>)>;

    fn on_evict(&self, pushed_out: &mut Self::RequestState, key: K, entry: Shared<V>) {
        pushed_out.push((key, entry));
    }
}
