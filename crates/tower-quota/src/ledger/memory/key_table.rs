use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};

use hashbrown::HashTable;

use super::sync::{Mutex, RwLock, lock, read, write};

/// So few keys share a shard that it grows in some ten microseconds. Whoever makes keys is seldom in the
/// shard of a key that is in use.
const KEYS_OF_SHARD: usize = 256;
const LEAST_SHARDS: usize = 256;
const MOST_SHARDS: usize = 4096;

/// A new key looks at so many old ones at most, and forgets so many: what it costs is bounded, and
/// still there are soon no more idle keys than there may be.
const LOOKS: usize = 16;
const FORGETS: usize = 2;

/// When to look at a value in use again, in nanoseconds.
const LOOK_AGAIN: u64 = 1_000_000_000;

/// Values by key, with a bound on those that are idle and one on all of them.
///
/// To find a key is to read one shard, and moves nothing. What is needed to forget keys is kept
/// apart: only a new key looks at it. No step walks over all keys, or all of a shard but to grow it.
pub(crate) struct KeyTable<K, V> {
    hasher: RandomState,
    shards: Box<[RwLock<Shard<K, V>>]>,
    /// Locked before a shard, never after it.
    ages: Mutex<Ages>,
    bounds: Bounds,
}

type Shard<K, V> = HashTable<Row<K, V>>;

/// How many keys to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// With so many or more the idle ones go, a few with each new key.
    pub(crate) idle: usize,
    pub(crate) all: usize,
}

struct Row<K, V> {
    hash: u64,
    number: u64,
    key: K,
    value: V,
}

/// All rows, the one that is likely to be idle for longest first.
#[derive(Debug, Default)]
struct Ages {
    rows: BTreeSet<Age>,
    next_number: u64,
}

/// A row, and a time before which it is not idle, or after which it was not used when it was last
/// looked at.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    at: u64,
    number: u64,
    hash: u64,
}

/// Whether a value can be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// It can, and was last used then.
    Since(u64),
    /// It can from then on, if it is not used.
    From(u64),
    InUse,
}

impl<K, V> KeyTable<K, V> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let shards = (bounds.all / KEYS_OF_SHARD).clamp(LEAST_SHARDS, MOST_SHARDS);
        Self {
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| RwLock::new(Shard::new())).collect(),
            ages: Mutex::default(),
            bounds,
        }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.ages).rows.len()
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard<K, V>> {
        // A table makes use of the lowest bits and of the highest ones.
        &self.shards[(hash >> 32) as usize % self.shards.len()]
    }
}

impl<K: Hash + Eq + Clone, V: Clone> KeyTable<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.find(self.hasher.hash_one(key), key)
    }

    fn find(&self, hash: u64, key: &K) -> Option<V> {
        let shard = read(self.shard(hash));
        let row = shard.find(hash, |row| row.key == *key)?;
        Some(row.value.clone())
    }

    /// The value of `key`, which is made where there was none. `None` if there are as many as
    /// there may be, and none found that is idle. `idle` is asked under the lock that values are
    /// found and copied under.
    pub(crate) fn get_or_insert(
        &self,
        key: &K,
        now: u64,
        make: impl FnOnce() -> V,
        idle: impl Fn(&V) -> Idle,
    ) -> Option<V> {
        let hash = self.hasher.hash_one(key);
        let key = key.clone();
        let mut ages = lock(&self.ages);
        // Another one may have made it since. From here on it cannot.
        if let Some(value) = self.find(hash, &key) {
            return Some(value);
        }
        let gone = self.make_room(&mut ages, now, idle);
        let value = (ages.rows.len() < self.bounds.all).then(make);
        if let Some(value) = value.clone() {
            let number = ages.next_number;
            ages.next_number += 1;
            ages.rows.insert(Age {
                at: now,
                number,
                hash,
            });
            let row = Row {
                hash,
                number,
                key,
                value,
            };
            write(self.shard(hash)).insert_unique(hash, row, |row| row.hash);
        }
        drop(ages);
        // Keys are foreign, so they are dropped where nothing is locked.
        drop(gone);
        value
    }

    fn make_room(&self, ages: &mut Ages, now: u64, idle: impl Fn(&V) -> Idle) -> Vec<Row<K, V>> {
        let most = self.bounds.idle.min(self.bounds.all);
        let mut gone = Vec::new();
        for _ in 0..LOOKS {
            if ages.rows.len() < most || gone.len() == FORGETS {
                break;
            }
            let Some(mut age) = ages.rows.pop_first() else {
                break;
            };
            if age.at > now {
                // And so are all others.
                ages.rows.insert(age);
                break;
            }
            let mut shard = write(self.shard(age.hash));
            let Ok(row) = shard.find_entry(age.hash, |row| row.number == age.number) else {
                continue;
            };
            age.at = match idle(&row.get().value) {
                Idle::Since(since) if since <= age.at => {
                    gone.push(row.remove().0);
                    continue;
                }
                // Used since it was looked at. Another may be unused for longer.
                Idle::Since(since) => since,
                Idle::From(from) => from.max(now.saturating_add(1)),
                Idle::InUse => now.saturating_add(LOOK_AGAIN),
            };
            drop(shard);
            ages.rows.insert(age);
        }
        gone
    }

    /// All values. None is made meanwhile: who makes one afterwards knows what was set before.
    pub(crate) fn values(&self) -> Vec<V> {
        let _ages = lock(&self.ages);
        let mut values = Vec::new();
        for shard in &self.shards {
            values.extend(read(shard).iter().map(|row| row.value.clone()));
        }
        values
    }

    pub(crate) fn keys(&self) -> Vec<K> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            keys.extend(read(shard).iter().map(|row| row.key.clone()));
        }
        keys
    }
}

impl<K, V> fmt::Debug for KeyTable<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyTable")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
