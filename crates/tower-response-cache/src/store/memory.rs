use std::fmt;
use std::hash::{Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::{Lifecycle, OptionsBuilder, Weighter, sync::Cache};
use tokio::time::Instant;

use super::{Entry, Store, StoreSnapshot};

/// The share of a shard that one entry may take: what `quick_cache` admits, by its own default.
const LARGEST_SHARE: f64 = 0.97;
/// What a slot of `quick_cache` has beside key and entry, with its place in the hash table: bytes.
const SLOT_OVERHEAD: usize = 32;
/// What allocators add to two allocations, the key's and the value's: bytes.
const HEAP_OVERHEAD: u64 = 32;
const SHARD_BYTES: u64 = 1 << 20;
const SHARD_ENTRIES: u64 = 1 << 9;
const MAX_SHARDS: u64 = 16;

/// The default [`Store`]: in memory, bounded by weight, evicting what is used least.
///
/// The bound is split evenly over shards, each with a lock of its own, and an entry must fit into
/// its shard: see [`max_entry_weight`](Self::max_entry_weight). A larger one is refused.
///
/// An expired entry is removed when it is asked for, or pushed out by others. Until then it counts
/// towards the bound.
pub struct MemoryStore<K, V> {
    cache: Cache<K, Entry<V>, EntryWeight, RandomState, Evicted>,
    weight: EntryWeight,
    max_entry_weight: u64,
    evicted: AtomicU64,
}

impl<K: Hash + Eq, V: Clone> MemoryStore<K, V> {
    /// A store that takes up at most `max_bytes` of memory, if each entry weighs as many bytes as its
    /// key and its value have on the heap.
    ///
    /// The store adds to each weight what an entry takes besides: key and value themselves, its times,
    /// and its place in the tables, which are half empty after they have grown. Tags are not counted,
    /// since entries share them.
    #[must_use]
    pub fn of_bytes(max_bytes: u64) -> Self {
        let slot = size_of::<K>() + size_of::<Entry<V>>() + SLOT_OVERHEAD;
        let overhead = 2 * slot as u64 + HEAP_OVERHEAD;
        let shards = Self::shards(max_bytes, SHARD_BYTES);
        Self::make(max_bytes, shards, EntryWeight { overhead })
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
            EntryWeight { overhead: 0 },
        )
    }

    fn shards(max_weight: u64, shard_weight: u64) -> u32 {
        let wanted = (max_weight / shard_weight).clamp(1, MAX_SHARDS);
        1 << wanted.ilog2()
    }

    fn make(max_weight: u64, shards: u32, weight: EntryWeight) -> Self {
        let shards = u64::from(shards);
        let shard_weight = max_weight / shards;
        let options = OptionsBuilder::new()
            .shards(shards as usize)
            // The number of keys remembered after their eviction follows from this. With less than 32
            // for each shard there would be fewer shards.
            .estimated_items_capacity((max_weight / 4096).clamp(32 * shards, 1 << 21) as usize)
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
            evicted: AtomicU64::new(0),
        }
    }

    /// The weight of the largest entry that is taken: 97 % of a shard. What
    /// [`of_bytes`](Self::of_bytes) adds counts.
    pub fn max_entry_weight(&self) -> u64 {
        self.max_entry_weight
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
        Some(entry)
    }

    fn insert(&self, key: K, entry: Entry<V>) -> bool {
        if self.weight.of(&entry) > self.max_entry_weight {
            self.cache.remove(&key);
            return false;
        }
        let mut pushed_out = Vec::new();
        self.cache
            .insert_with_lifecycle(key.clone(), entry, &mut pushed_out);
        // The entry that was replaced is among them.
        let evicted = pushed_out.iter().filter(|(k, _)| *k != key).count();
        self.evicted.fetch_add(evicted as u64, Ordering::Relaxed);
        true
    }

    fn remove(&self, key: &K) {
        self.cache.remove(key);
    }

    fn remove_tag(&self, tag: &str) {
        self.cache.retain(|_, entry| !entry.has_tag(tag));
    }

    fn clear(&self) {
        self.cache.clear();
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

#[derive(Clone, Copy)]
struct EntryWeight {
    /// What each entry weighs beside its own weight.
    overhead: u64,
}

impl EntryWeight {
    fn of<V>(self, entry: &Entry<V>) -> u64 {
        entry.weight().saturating_add(self.overhead)
    }
}

impl<K, V> Weighter<K, Entry<V>> for EntryWeight {
    fn weight(&self, _: &K, entry: &Entry<V>) -> u64 {
        self.of(entry)
    }
}

/// Carries evicted entries out of the shard's lock, to be counted and dropped there.
#[derive(Clone)]
struct Evicted;

impl<K, V> Lifecycle<K, Entry<V>> for Evicted {
    type RequestState = Vec<(K, Entry<V>)>;

    fn on_evict(&self, pushed_out: &mut Self::RequestState, key: K, entry: Entry<V>) {
        pushed_out.push((key, entry));
    }
}
