use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// As callers do it: finds the value, or makes room and adds one.
fn get_or_insert<V: Clone>(
    map: &mut KeyMap<u32, V>,
    key: u32,
    now: Instant,
    value: V,
    need: impl Fn(&V) -> Need,
) -> Option<V> {
    map.get(&key).or_else(|| {
        drop(map.make_room(now, need));
        (!map.is_full()).then(|| map.insert(&key, value.clone()))?;
        Some(value)
    })
}

fn map<V>(idle: usize, all: usize) -> KeyMap<u32, V> {
    KeyMap::new(Bounds { idle, all })
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Use(u32),
    /// Makes the value of a key idle, needed for some seconds, or needed.
    Turn(u32, Option<u32>, bool),
    Wait(u32),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let turn = (0..40_u32, proptest::option::of(0..9_u32), any::<bool>());
    let op = prop_oneof![
        8 => (0..40_u32).prop_map(Op::Use),
        3 => turn.prop_map(|(key, seconds, idle)| Op::Turn(key, seconds, idle)),
        1 => (0..4_u32).prop_map(Op::Wait),
    ];
    proptest::collection::vec(op, 0..400)
}

proptest! {
    #[test]
    fn what_is_needed_stays_and_the_bounds_hold(ops in ops(), idle in 1..12_usize, all in 1..24_usize) {
        let mut now = Instant::now();
        let mut keyed = map(idle, all);
        let mut kept: BTreeMap<u32, Rc<Cell<Need>>> = BTreeMap::new();
        let is_idle = |need, now| match need {
            Need::Idle => true,
            Need::Until(until) => until <= now,
            Need::Needed => false,
        };
        for op in ops {
            match op {
                Op::Wait(seconds) => now += seconds * SECOND,
                Op::Turn(key, seconds, is_idle) => {
                    if let Some(need) = kept.get(&key) {
                        need.set(match seconds {
                            Some(seconds) => Need::Until(now + seconds * SECOND),
                            None if is_idle => Need::Idle,
                            None => Need::Needed,
                        });
                    }
                }
                Op::Use(key) => {
                    let known = kept.get(&key).cloned();
                    let new = Rc::new(Cell::new(Need::Idle));
                    let need = |need: &Rc<Cell<Need>>| match need.get() {
                        Need::Until(until) if until <= now => Need::Idle,
                        need => need,
                    };
                    let found = get_or_insert(&mut keyed, key, now, Rc::clone(&new), need);
                    let left: BTreeSet<u32> = keyed.keys().copied().collect();
                    prop_assert_eq!(left.len(), keyed.len());
                    prop_assert!(keyed.len() <= all);
                    match (known, &found) {
                        (Some(known), Some(found)) => prop_assert!(Rc::ptr_eq(&known, found)),
                        (Some(_), None) => prop_assert!(false, "a key that is there is found"),
                        (None, Some(found)) => prop_assert!(Rc::ptr_eq(&new, found)),
                        (None, None) => prop_assert_eq!(keyed.len(), all),
                    }
                    let before = kept.len();
                    kept.retain(|key, need| left.contains(key) || !is_idle(need.get(), now));
                    prop_assert!(kept.keys().all(|key| left.contains(key)), "needed, but gone");
                    prop_assert!(before - kept.len() <= EVICTIONS);
                    if found.is_some() {
                        kept.entry(key).or_insert(new);
                    }
                }
            }
        }
    }

    #[test]
    fn there_are_no_more_idle_ones_than_the_bound(
        keys in proptest::collection::vec(0..100_u32, 0..400),
        bound in 1..LOOKS,
    ) {
        let mut keyed = map(bound, usize::MAX);
        for key in keys {
            get_or_insert(&mut keyed, key, Instant::now(), (), |()| Need::Idle);
            prop_assert!(keyed.len() <= bound);
        }
    }
}

#[test]
fn those_unused_for_longest_go_and_the_one_in_use_stays() {
    let now = Instant::now();
    let mut keyed = map(64, usize::MAX);
    for key in 0..10_000 {
        get_or_insert(&mut keyed, key, now, key, |_| Need::Idle);
        assert_eq!(keyed.get(&3.min(key)), Some(3.min(key)));
        assert!(keyed.len() <= 64);
    }
    assert_eq!(keyed.get(&9_990), Some(9_990));
    assert_eq!(keyed.get(&9_000), None);
}

/// What a new key looks at, at most, and how many keys there are in the end.
fn flood(keys: u32, need: impl Fn(u32, u32) -> Need) -> (usize, usize) {
    let mut keyed = map(64, usize::MAX);
    let mut most = 0;
    for key in 0..keys {
        let looks = Cell::new(0);
        let now = at(key);
        get_or_insert(&mut keyed, key, now, key, |value| {
            looks.set(looks.get() + 1);
            need(*value, key)
        });
        most = most.max(looks.get());
    }
    (most, keyed.len())
}

/// A key comes each millisecond.
fn at(key: u32) -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now) + key * Duration::from_millis(1)
}

#[test]
fn a_new_key_looks_at_a_few_others_however_many_there_are() {
    let (looks, left) = flood(20_000, |_, _| Need::Idle);
    assert!(looks <= 2 * LOOKS && left == 64, "{looks} {left}");
    let (looks, left) = flood(20_000, |_, _| Need::Needed);
    assert!(looks <= 2 * LOOKS && left == 20_000, "{looks} {left}");
    let once = |value, now| {
        if now < value + 1000 {
            Need::Until(at(value + 1000))
        } else {
            Need::Idle
        }
    };
    let (looks, left) = flood(50_000, once);
    assert!(looks <= 2 * LOOKS && left <= 1064 + 64, "{looks} {left}");
}

#[test]
fn after_a_flood_there_are_soon_few_again() {
    let (start, later) = (at(0), at(10_000));
    let mut keyed = map(64, usize::MAX);
    for key in 0..10_000 {
        get_or_insert(&mut keyed, key, start, start, |_| Need::Needed);
    }
    assert_eq!(keyed.len(), 10_000);
    for key in 10_000..20_000 {
        get_or_insert(&mut keyed, key, later, later, |_| Need::Idle);
    }
    assert_eq!(keyed.len(), 64);
}
