//! The store in memory against the plainest model, and its bound.

use std::{collections::HashMap, time::Duration};

use proptest::{collection::vec, prelude::*};
use tokio::time::Instant;
use tower_response_cache::{Entry, Freshness, Keep, MemoryStore, Store};

#[derive(Clone, Debug)]
enum Step {
    Insert { key: u8, ttl: u64, weight: u64 },
    Get { key: u8 },
    Remove { key: u8 },
    Clear,
    Advance { millis: u64 },
}

fn step(max_weight: u64) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12u8, 0..50u64, 0..max_weight)
            .prop_map(|(key, ttl, weight)| Step::Insert { key, ttl, weight }),
        8 => (0..12u8).prop_map(|key| Step::Get { key }),
        1 => (0..12u8).prop_map(|key| Step::Remove { key }),
        1 => Just(Step::Clear),
        2 => (0..20u64).prop_map(|millis| Step::Advance { millis }),
    ]
}

/// Runs `steps`. `exact`: the store is so large that nothing may be lost.
fn run(steps: Vec<Step>, store: &MemoryStore<u8, usize>, max_weight: u64, exact: bool) {
    let mut model = HashMap::new();
    let mut now = Instant::now();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Insert { key, ttl, weight } => {
                let ttl = Duration::from_millis(ttl);
                let keep = Keep::new(ttl).weight(weight);
                let taken = store.insert(key, Entry::new(number, keep, now));
                assert_eq!(taken, weight.max(1) <= store.max_entry_weight());
                if taken {
                    model.insert(key, (number, now + ttl));
                } else {
                    model.remove(&key);
                }
            }
            Step::Get { key } => {
                let alive = model.get(&key).filter(|(_, end)| now < *end);
                let expected = alive.map(|(number, _)| *number);
                let got = store.get(&key, now).map(Entry::into_value);
                assert!(
                    got == expected || (!exact && got.is_none()),
                    "{got:?} {expected:?}"
                );
            }
            Step::Remove { key } => {
                store.remove(&key);
                model.remove(&key);
            }
            Step::Clear => {
                store.clear();
                model.clear();
            }
            Step::Advance { millis } => now += Duration::from_millis(millis),
        }
        let snapshot = store.snapshot();
        assert!(snapshot.weight <= max_weight, "{snapshot:?}");
        assert!(snapshot.entries <= model.len() as u64);
        assert!(!exact || snapshot.evicted == 0);
    }
}

proptest! {
    #[test]
    fn large_store_is_a_map_with_expiry(steps in vec(step(100), 0..200)) {
        run(steps, &MemoryStore::new(100_000), 100_000, true);
    }

    #[test]
    fn small_store_forgets_but_never_lies(
        steps in vec(step(40), 0..200),
        max_weight in 0..100u64,
        shards in 1..4u32,
    ) {
        run(steps, &MemoryStore::with_shards(max_weight, shards), max_weight, false);
    }
}

#[test]
fn weights_of_a_full_store_stay_below_its_bound() {
    let store = MemoryStore::with_shards(1000, 4);
    let keep = Keep::new(Duration::from_secs(1)).weight(7);
    let now = Instant::now();
    for key in 0..10_000 {
        assert!(store.insert(key, Entry::new(key, keep.clone(), now)));
    }
    let snapshot = store.snapshot();
    assert!((900..=1000).contains(&snapshot.weight), "{snapshot:?}");
    assert_eq!(snapshot.evicted + snapshot.entries, 10_000);
}

#[test]
fn weightless_entries_are_bounded_all_the_same() {
    let store = MemoryStore::new(10);
    let keep = Keep::new(Duration::from_secs(1)).weight(0);
    for key in 0..1000 {
        store.insert(key, Entry::new((), keep.clone(), Instant::now()));
    }
    assert!(store.snapshot().entries <= 10);
}

#[test]
fn largest_entry_is_taken_and_a_larger_one_refused() {
    for max_weight in [1, 2, 10, 1000, 1 << 20, 5 << 20, 1 << 26] {
        let store = MemoryStore::new(max_weight);
        let largest = store.max_entry_weight();
        let keep = Keep::new(Duration::from_secs(1));
        let now = Instant::now();
        assert!(store.insert('a', Entry::new(1, keep.clone().weight(largest), now)));
        assert_eq!(store.get(&'a', now).map(Entry::into_value), Some(1));
        assert!(!store.insert('a', Entry::new(2, keep.weight(largest + 1), now)));
        // What it was to replace is outdated.
        assert!(store.get(&'a', now).is_none());
        assert_eq!(store.snapshot().entries, 0);
    }
}

#[test]
fn endless_lifetime_never_ends() {
    let store = MemoryStore::new(10);
    let now = Instant::now();
    store.insert('a', Entry::new(1, Keep::new(Duration::MAX), now));
    let later = now + Duration::from_secs(1 << 32);
    let entry = store.get(&'a', later).unwrap();
    assert_eq!(
        (entry.freshness(later), entry.stored_at(), entry.weight()),
        (Freshness::Fresh, now, 1)
    );
}

#[test]
fn store_of_nothing_stores_nothing() {
    let store = MemoryStore::new(0);
    let keep = Keep::new(Duration::from_secs(1));
    assert!(!store.insert('a', Entry::new(1, keep, Instant::now())));
    assert_eq!(store.max_entry_weight(), 0);
}
