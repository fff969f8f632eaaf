use std::collections::HashMap;
use std::hash::Hash;

use tokio::time::Instant;

/// Values by key, with a bound on those that nobody needs.
///
/// When a new key comes and the bound is reached, the values least needed are evicted, an eighth of
/// the bound at once: a stream of new keys does not sort the values at each key.
#[derive(Debug)]
pub(crate) struct KeyMap<Q, V> {
    entries: HashMap<Q, Entry<V>>,
    bound: usize,
    /// The number of entries at which to evict again. It is above the bound while many are held:
    /// otherwise each new key would look at all of them in vain.
    sweep_at: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    used: u64,
}

/// How much a value is needed, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Nobody holds it and it remembers nothing: evicted first, longest unused first.
    Idle,
    /// Nobody holds it, but it remembers something until then: evicted only to keep the bound,
    /// earliest end first.
    Until(Instant),
    /// Nobody holds it, but it remembers something for good: evicted only to keep the bound, last.
    ForGood,
    /// Somebody holds it: never evicted.
    Held,
}

impl<Q, V> KeyMap<Q, V> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<Q: Hash + Eq + Clone, V: Clone> KeyMap<Q, V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            entries: HashMap::new(),
            bound,
            sweep_at: bound,
            uses: 0,
        }
    }

    pub(crate) fn get_or_insert(
        &mut self,
        key: &Q,
        make: impl FnOnce() -> V,
        need: impl Fn(&V) -> Need,
    ) -> V {
        self.uses += 1;
        if let Some(entry) = self.entries.get_mut(key) {
            entry.used = self.uses;
            return entry.value.clone();
        }
        if self.entries.len() >= self.sweep_at {
            self.sweep(need);
        }
        let value = make();
        let used = self.uses;
        let entry = Entry {
            value: value.clone(),
            used,
        };
        self.entries.insert(key.clone(), entry);
        value
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Q> {
        self.entries.keys()
    }

    fn sweep(&mut self, need: impl Fn(&V) -> Need) {
        let step = self.bound / 8 + 1;
        let mut needs: Vec<(Need, u64)> = self
            .entries
            .values()
            .map(|entry| (need(&entry.value), entry.used))
            .filter(|(need, _)| *need != Need::Held)
            .collect();
        needs.sort_unstable();
        // Idle values make room for many new keys at once, the others for this one key only: what
        // they remember is worth more than the time to sort again.
        let excess = (self.entries.len() + 1).saturating_sub(self.bound);
        let idle = needs.partition_point(|(need, _)| *need == Need::Idle);
        let gone = (excess + step - 1).min(idle).max(excess.min(needs.len()));
        if let Some(last) = gone.checked_sub(1).map(|last| needs[last]) {
            // `used` is unique, so this evicts exactly the first `gone`.
            self.entries.retain(|_, entry| {
                let need = need(&entry.value);
                need == Need::Held || (need, entry.used) > last
            });
        }
        let left = self.entries.len();
        self.sweep_at = if left < self.bound {
            self.bound
        } else {
            left + step
        };
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Use(u8),
        Turn(u8, u8),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            4 => (0..40_u8).prop_map(Op::Use),
            1 => ((0..40_u8), (0..4_u8)).prop_map(|(key, need)| Op::Turn(key, need)),
        ];
        proptest::collection::vec(op, 0..300)
    }

    proptest! {
        #[test]
        fn the_least_needed_go_first(ops in ops(), bound in 1..12_usize) {
            let now = Instant::now();
            let needs = [Need::Idle, Need::Until(now), Need::ForGood, Need::Held];
            let mut keyed = KeyMap::new(bound);
            // What is kept, with its last use.
            let mut kept: BTreeMap<u8, (usize, Rc<Cell<Need>>)> = BTreeMap::new();
            for (time, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Turn(key, need) => {
                        if let Some((_, cell)) = kept.get(&key) {
                            cell.set(needs[usize::from(need)]);
                        }
                    }
                    Op::Use(key) => {
                        let value = keyed.get_or_insert(
                            &key,
                            || Rc::new(Cell::new(Need::Idle)),
                            |value| value.get(),
                        );
                        let gone: Vec<_> = kept
                            .iter()
                            .filter(|(key, _)| !keyed.keys().any(|left| left == *key))
                            .map(|(key, (used, cell))| (*key, (cell.get(), *used)))
                            .collect();
                        for (key, _) in &gone {
                            kept.remove(key);
                        }
                        for (used, cell) in kept.values() {
                            for (_, gone) in &gone {
                                prop_assert!(*gone < (cell.get(), *used));
                            }
                        }
                        prop_assert!(gone.iter().all(|(_, (need, _))| *need != Need::Held));
                        kept.insert(key, (time, value));
                        prop_assert_eq!(keyed.len(), kept.len());
                        let held = kept.values().filter(|(_, cell)| cell.get() == Need::Held);
                        if held.count() == 0 && gone.len() > 1 {
                            prop_assert!(keyed.len() <= bound);
                        }
                    }
                }
            }
        }

        #[test]
        fn the_bound_holds_where_nothing_is_held(keys in proptest::collection::vec(0..100_u8, 0..400), bound in 1..40_usize, idle: bool) {
            let mut keyed = KeyMap::new(bound);
            for key in keys {
                let need = if idle { Need::Idle } else { Need::ForGood };
                keyed.get_or_insert(&key, || (), |()| need);
                prop_assert!(keyed.len() <= bound);
            }
        }
    }
}
