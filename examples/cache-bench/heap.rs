//! The most memory that a store takes, as a share of its bound, while ten times as much is stored as fits.

use std::{sync::Arc, time::Duration};

use allocation_counter::measure;
use moka::sync::Cache;
use tokio::time::Instant;
use tower_response_cache::{Entry, Keep, MemoryStore, Store};

use crate::Row;

const BOUND: u64 = 16 << 20;
const HOUR: Duration = Duration::from_secs(3600);

type Key = [u8; 32];

pub(crate) fn rows() -> Vec<Row> {
    let row = |name, bytes, tags| Row {
        name,
        ours: ours(bytes, tags),
        moka: moka(bytes),
    };
    vec![
        row("16 bytes", 16, 0),
        row("16 bytes and 2 tags", 16, 2),
        row("1 kB", 1000, 0),
        row("1 kB and 2 tags", 1000, 2),
        row("40 kB", 40_000, 2),
    ]
}

fn value(bytes: u64) -> Arc<[u8]> {
    vec![0; bytes as usize].into()
}

/// What the allocation of a [`value`] takes.
fn weight(bytes: u64) -> u64 {
    bytes + 16
}

fn keys(bytes: u64) -> impl Iterator<Item = Key> {
    let count = 10 * BOUND / (bytes + 100);
    (0..count).map(|number| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        key
    })
}

fn ours(bytes: u64, tags: usize) -> f64 {
    share(|| {
        let store = MemoryStore::of_bytes(BOUND);
        for key in keys(bytes) {
            let tags = (0..tags).map(|tag| format!("tag {tag} of {}", key[0]));
            let keep = Keep::new(HOUR).weight(weight(bytes)).with_tags(tags);
            store.insert(key, Entry::new(value(bytes), keep, Instant::now()));
        }
    })
}

/// moka counts what it is told, so it is told of the key and the value.
fn moka(bytes: u64) -> f64 {
    share(|| {
        let cache: Cache<Key, Arc<[u8]>> = Cache::builder()
            .max_capacity(BOUND)
            .weigher(|_: &Key, value: &Arc<[u8]>| 48 + value.len() as u32 + 16)
            .time_to_live(HOUR)
            .build();
        for key in keys(bytes) {
            cache.insert(key, value(bytes));
        }
    })
}

fn share(work: impl FnOnce()) -> f64 {
    measure(work).bytes_max as f64 / BOUND as f64
}
