//! The share of requests that are hits, where each miss is stored.

use std::{thread, time::Duration};

use moka::sync::Cache;
use tokio::time::Instant;
use tower_response_cache::{Entry, Keep, MemoryStore, Store};

use crate::{Row, peer::Peer, trace, trace::CAPACITY};

const HOUR: Duration = Duration::from_secs(3600);

/// Each with that of tower-resilience.
pub(crate) fn rows() -> Vec<(Row, f64)> {
    let mut rows: Vec<_> = trace::all()
        .into_iter()
        .map(|trace| {
            let (ours, moka) = (MemoryStore::new(CAPACITY), moka(HOUR));
            let mut peer = Peer::new(CAPACITY, HOUR);
            let row = Row {
                name: trace.name,
                ours: share(&trace.keys, |key| ask(&ours, key, HOUR)),
                moka: share(&trace.keys, |key| ask_moka(&moka, key)),
            };
            (row, share(&trace.keys, |key| peer.ask(key)))
        })
        .collect();
    rows.push(after_expiry());
    rows
}

/// Of ten rounds over half of the bound in turn, in a store that is full of expired entries, all of
/// which were asked for often.
fn after_expiry() -> (Row, f64) {
    let ttl = Duration::from_millis(300);
    let (ours, moka) = (MemoryStore::new(CAPACITY), moka(ttl));
    let mut peer = Peer::new(CAPACITY, ttl);
    for _ in 0..3 {
        for key in 0..CAPACITY {
            ask(&ours, key, ttl);
            ask_moka(&moka, key);
            peer.ask(key);
        }
    }
    moka.run_pending_tasks();
    #[expect(clippy::disallowed_methods, reason = "moka has a clock of its own")]
    thread::sleep(ttl);
    let keys: Vec<u64> = (CAPACITY..CAPACITY / 2 * 3).collect();
    let keys = keys.repeat(10);
    let row = Row {
        name: "in turn, in a store full of expired entries",
        ours: share(&keys, |key| ask(&ours, key, HOUR)),
        moka: share(&keys, |key| ask_moka(&moka, key)),
    };
    (row, share(&keys, |key| peer.ask(key)))
}

fn share(keys: &[u64], mut ask: impl FnMut(u64) -> bool) -> f64 {
    let hits = keys.iter().filter(|key| ask(**key)).count();
    hits as f64 / keys.len() as f64
}

fn ask(store: &MemoryStore<u64, u64>, key: u64, ttl: Duration) -> bool {
    let now = Instant::now();
    let hit = store.get(&key, now).is_some();
    if !hit {
        store.insert(key, Entry::new(key, Keep::new(ttl), now));
    }
    hit
}

fn moka(ttl: Duration) -> Cache<u64, u64> {
    let cache = Cache::builder().max_capacity(CAPACITY);
    cache.time_to_live(ttl).build()
}

fn ask_moka(cache: &Cache<u64, u64>, key: u64) -> bool {
    let hit = cache.get(&key).is_some();
    if !hit {
        cache.insert(key, key);
    }
    hit
}
