use std::collections::HashMap;
use std::hash::Hash;

use tokio::time::Instant;

/// Values by key, with a bound on those that nobody needs.
///
/// Looked at when a new key comes and the bound is reached: then the values least needed go, an
/// eighth of the bound at once, so that a stream of new keys costs each of them little.
#[derive(Debug)]
pub(crate) struct Keyed<Q, V> {
    entries: HashMap<Q, Entry<V>>,
    bound: usize,
    /// The number of entries at which to look again: above the bound where many are held.
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
    /// Nobody holds it and it is as good as new: gone first, the one unused for longest before
    /// the others.
    Idle,
    /// Nobody holds it, but it remembers something until then: gone only where the bound asks
    /// for it, the one that ends first before the others.
    Until(Instant),
    /// Nobody holds it, but it remembers something for good.
    ForGood,
    /// Somebody holds it: never gone.
    Held,
}

impl<Q: Hash + Eq + Clone, V: Clone> Keyed<Q, V> {
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
        self.entries.insert(
            key.clone(),
            Entry {
                value: value.clone(),
                used: self.uses,
            },
        );
        value
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Q> {
        self.entries.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
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
        // Room for a step of new keys at the cost of idle values, for one at the cost of others.
        let excess = (self.entries.len() + 1).saturating_sub(self.bound);
        let idle = needs.partition_point(|(need, _)| *need == Need::Idle);
        let gone = (excess + step - 1).min(idle).max(excess.min(needs.len()));
        if let Some(last) = gone.checked_sub(1).map(|last| needs[last]) {
            // `used` is unique, so this drops exactly the first `gone`.
            self.entries.retain(|_, entry| {
                let need = need(&entry.value);
                need == Need::Held || (need, entry.used) > last
            });
        }
        self.sweep_at = self.bound.max(self.entries.len() + step);
    }
}
