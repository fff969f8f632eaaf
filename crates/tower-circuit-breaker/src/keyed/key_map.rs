use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use hashbrown::HashTable;
use tokio::time::Instant;

/// So many that one of them grows in a fraction of a millisecond with a million keys in all.
const TABLES: usize = 256;

/// A new key looks at so many idle and so many needed ones at most, and evicts so many: what it
/// costs is bounded, and still the idle ones are soon no more than there may be.
const LOOKS: usize = 16;
const EVICTIONS: usize = 2;

/// When to look again at a value that is needed, nobody knows until when.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Values by key, with a bound on those that nobody needs and one on all of them.
///
/// To find a key moves nothing; only a new key evicts others. No step walks over all keys, or over
/// all of a table but to grow it.
pub(crate) struct KeyMap<Q, V> {
    hasher: RandomState,
    tables: Box<[HashTable<Row<Q, V>>]>,
    /// The hashes of those that may be idle, by their places: the one that was unused for longest
    /// when it was last looked at comes first.
    idle: BTreeMap<u64, u64>,
    /// The hashes of those that were needed when they were last looked at, by when to look again.
    needed: BTreeMap<(Instant, u64), u64>,
    next_place: u64,
    bounds: Bounds,
}

/// How many keys to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From so many on the idle ones go, a few with each new key.
    pub(crate) idle: usize,
    pub(crate) all: usize,
}

struct Row<Q, V> {
    hash: u64,
    /// Its place among the idle or the needed ones, which no other row ever has.
    place: u64,
    /// Whether it was asked for since it was last looked at.
    used: bool,
    key: Q,
    value: V,
}

/// Whether a value may be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nobody holds it, and it remembers nothing.
    Idle,
    /// It remembers something until then.
    Until(Instant),
    /// Somebody holds it, or it remembers something for good.
    Needed,
}

/// Evicted values. Keys and values are dropped where nothing is locked.
#[must_use]
pub(crate) struct Evicted<Q, V>(#[allow(dead_code)] Vec<Row<Q, V>>);

impl<Q, V> KeyMap<Q, V> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            hasher: RandomState::new(),
            tables: (0..TABLES).map(|_| HashTable::new()).collect(),
            idle: BTreeMap::new(),
            needed: BTreeMap::new(),
            next_place: 0,
            bounds,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.idle.len() + self.needed.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.bounds.all
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Q> {
        self.rows().map(|(key, _)| key)
    }

    /// To look at them is no use of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Q, &V)> {
        let rows = self.tables.iter().flat_map(HashTable::iter);
        rows.map(|row| (&row.key, &row.value))
    }

    /// Evicts a few of those that are idle, if there are too many.
    pub(crate) fn make_room(&mut self, now: Instant, need: impl Fn(&V) -> Need) -> Evicted<Q, V> {
        let mut evicted = Vec::new();
        for _ in 0..LOOKS {
            let Some(first) = self
                .needed
                .first_entry()
                .filter(|first| first.key().0 <= now)
            else {
                break;
            };
            let ((_, place), hash) = first.remove_entry();
            evicted.extend(self.look(place, hash, now, &need));
        }
        for _ in 0..LOOKS {
            let too_many = self.idle.len() >= self.bounds.idle || self.is_full();
            if !too_many || evicted.len() >= EVICTIONS {
                break;
            }
            let Some((place, hash)) = self.idle.pop_first() else {
                break;
            };
            evicted.extend(self.look(place, hash, now, &need));
        }
        Evicted(evicted)
    }

    /// Gives the row a new place, or takes it out if it is idle and was not used since it was last
    /// looked at.
    fn look(
        &mut self,
        place: u64,
        hash: u64,
        now: Instant,
        need: impl Fn(&V) -> Need,
    ) -> Option<Row<Q, V>> {
        let table = &mut self.tables[table_of(hash)];
        let mut entry = table.find_entry(hash, |row| row.place == place).ok()?;
        let row = entry.get_mut();
        let again = match need(&row.value) {
            Need::Idle if !row.used => return Some(entry.remove().0),
            Need::Idle => None,
            // Never in the past: it would be looked at over and over.
            Need::Until(until) => Some(until.max(now + Duration::from_nanos(1))),
            Need::Needed => Some(now + LOOK_AGAIN),
        };
        // Once it is no longer needed, it is as one that was used by then.
        row.used = again.is_some();
        row.place = self.next_place;
        self.next_place += 1;
        match again {
            Some(at) => self.needed.insert((at, row.place), hash),
            None => self.idle.insert(row.place, hash),
        };
        None
    }
}

impl<Q: Hash + Eq + Clone, V: Clone> KeyMap<Q, V> {
    pub(crate) fn get(&mut self, key: &Q) -> Option<V> {
        let hash = self.hasher.hash_one(key);
        let table = &mut self.tables[table_of(hash)];
        let row = table.find_mut(hash, |row| row.key == *key)?;
        row.used = true;
        Some(row.value.clone())
    }

    /// Without it counting as a use.
    pub(crate) fn peek(&self, key: &Q) -> Option<&V> {
        let hash = self.hasher.hash_one(key);
        let table = &self.tables[table_of(hash)];
        let row = table.find(hash, |row| row.key == *key)?;
        Some(&row.value)
    }

    /// Adds a key that is not there.
    pub(crate) fn insert(&mut self, key: &Q, value: V) {
        let hash = self.hasher.hash_one(key);
        let row = Row {
            hash,
            place: self.next_place,
            used: false,
            key: key.clone(),
            value,
        };
        self.next_place += 1;
        self.idle.insert(row.place, hash);
        self.tables[table_of(hash)].insert_unique(hash, row, |row| row.hash);
    }
}

/// A table makes use of the lowest bits of a hash and of its highest ones.
fn table_of(hash: u64) -> usize {
    (hash >> 32) as usize % TABLES
}

impl<Q, V> fmt::Debug for KeyMap<Q, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMap")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
