use std::sync::Arc;

use quick_cache::Weighter;

use crate::store::Entry;

/// What a slot of `quick_cache` has beside key and pointer, with its place in the hash table: bytes.
const SLOT: usize = 40;
/// What an allocator adds to an allocation: bytes.
const ALLOCATION: u64 = 16;
/// The two counts of an `Arc`: bytes.
const COUNTS: u64 = 16;

/// What an entry weighs in a store.
#[derive(Clone, Copy, Debug)]
pub(super) enum EntryWeight {
    /// As much as the policy says.
    AsSaid,
    /// That many bytes, and those that the store needs for it.
    Bytes {
        /// For each entry.
        overhead: u64,
    },
}

impl EntryWeight {
    /// Bytes of entries with a key `K` and a value `V`.
    pub(super) const fn bytes<K, V>() -> Self {
        let entry = COUNTS + size_of::<Entry<V>>() as u64;
        // The tables are half empty after they have grown. The key and the value each have one
        // allocation, as a rule.
        let overhead = 2 * Self::slot::<K>() + entry + 3 * ALLOCATION;
        Self::Bytes { overhead }
    }

    /// The bytes of a key in the tables.
    pub(super) const fn slot<K>() -> u64 {
        (size_of::<K>() + SLOT) as u64
    }

    pub(super) fn of<V>(self, entry: &Entry<V>) -> u64 {
        match self {
            Self::AsSaid => entry.weight(),
            Self::Bytes { overhead } => {
                let tags = tag_bytes(entry.tags());
                entry.weight().saturating_add(overhead).saturating_add(tags)
            }
        }
    }
}

/// As if no other entry had these tags.
fn tag_bytes(tags: &[Arc<str>]) -> u64 {
    if tags.is_empty() {
        return 0;
    }
    let pointer = size_of::<Arc<str>>() as u64;
    let each = tags
        .iter()
        .map(|tag| pointer + tag.len() as u64 + COUNTS + ALLOCATION);
    COUNTS + ALLOCATION + each.sum::<u64>()
}

impl<K, V> Weighter<K, Arc<Entry<V>>> for EntryWeight {
    fn weight(&self, _: &K, entry: &Arc<Entry<V>>) -> u64 {
        self.of(entry)
    }
}
