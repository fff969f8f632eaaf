use std::cell::Cell;

use super::*;

fn table<V>(idle: usize, all: usize) -> KeyTable<u64, V> {
    KeyTable::new(Bounds { idle, all })
}

#[test]
fn idle_ones_unused_for_longest_go_and_the_others_stay() {
    let keys = table(16, usize::MAX);
    for key in 0..1000 {
        // The third is used all the time, and every hundredth is never idle.
        let idle = |value: &u64| match value {
            3 => Idle::Since(key),
            value if value % 100 == 7 => Idle::InUse,
            value => Idle::Since(*value),
        };
        keys.get_or_insert(&key, key, || key, idle);
        assert!(keys.get(&key.min(3)).is_some());
        assert!(keys.get(&key).is_some());
    }
    let held = keys.keys().iter().filter(|key| **key % 100 == 7).count();
    assert_eq!(held, 10);
    assert!(keys.len() <= 16 + 10, "{}", keys.len());
    assert!(keys.get(&998).is_some());
}

#[test]
fn there_are_no_more_than_the_bound_of_all() {
    let keys = table(4, 8);
    let idle = |value: &u64| Idle::From(value + 100);
    for key in 0..8 {
        assert_eq!(keys.get_or_insert(&key, key, || key, idle), Some(key));
    }
    for key in 8..100 {
        let value = keys.get_or_insert(&key, key, || panic!("there is no room for it"), idle);
        assert_eq!(value, None);
    }
    assert_eq!(keys.len(), 8);
    // The first is idle by now.
    let idle = |value: &u64| match *value {
        0 => Idle::Since(0),
        value => Idle::From(value + 200),
    };
    assert_eq!(keys.get_or_insert(&100, 100, || 100, idle), Some(100));
    assert_eq!((keys.len(), keys.get(&0)), (8, None));
    // Those that are there are found all the same.
    assert_eq!(keys.get_or_insert(&7, 101, || 0, idle), Some(7));
}

/// What a new key looks at, at most, with so many keys that are `idle` or not.
fn looks(keys: u64, idle: impl Fn(u64, u64) -> Idle) -> usize {
    let table = table(64, usize::MAX);
    let mut most = 0;
    for key in 0..keys {
        let looks = Cell::new(0);
        table.get_or_insert(
            &key,
            key,
            || key,
            |value| {
                looks.set(looks.get() + 1);
                idle(*value, key)
            },
        );
        most = most.max(looks.get());
    }
    most
}

#[test]
fn a_new_key_looks_at_a_few_others_however_many_there_are() {
    assert!(looks(20_000, |value, _| Idle::Since(value)) <= LOOKS);
    assert!(looks(20_000, |_, _| Idle::InUse) <= LOOKS);
    assert!(looks(20_000, |value, now| Idle::From(value.max(now) + 5)) <= LOOKS);
    // Idle some time after they came, as keys that were used once are.
    let once = |value, now| {
        if now < value + 10_000 {
            Idle::From(value + 10_000)
        } else {
            Idle::Since(value)
        }
    };
    assert!(looks(50_000, once) <= LOOKS);
}

#[test]
fn after_a_flood_there_are_soon_few_again() {
    let table = table(64, usize::MAX);
    for key in 0..10_000 {
        table.get_or_insert(&key, 0, || 0, |_| Idle::From(1));
    }
    assert_eq!(table.len(), 10_000);
    for now in 2..10_000 {
        table.get_or_insert(&(10_000 + now), now, || now, |used| Idle::Since(*used));
    }
    assert_eq!(table.len(), 64);
}

/// All that a call does while it holds a shard is to move the rows of it, when it grows.
#[test]
fn shard_that_grows_moves_few_rows_however_many_keys_there_are() {
    for all in [1 << 16, 1 << 20] {
        let table = table(all, all);
        for key in 0..all as u64 {
            table.get_or_insert(&key, 0, || 0, |_| Idle::InUse);
        }
        let rows = table.shards.iter().map(|shard| read(shard).len());
        let most = rows.max().expect("there are shards");
        assert!(most < 2 * KEYS_OF_SHARD, "{most} of {all}");
    }
}
