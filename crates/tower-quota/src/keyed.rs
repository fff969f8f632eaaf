use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, with a bound on those that are idle.
///
/// Looked at when a new key comes and the bound is reached; then an eighth of the bound of idle
/// values goes at once, those unused for longest, so that a stream of new keys costs each little.
#[derive(Debug)]
pub(crate) struct Keyed<K, V> {
    entries: HashMap<K, (V, u64)>,
    bound: usize,
    sweep_at: usize,
    uses: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Keyed<K, V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            entries: HashMap::new(),
            bound,
            sweep_at: bound,
            uses: 0,
        }
    }

    /// The value of `key`, which is used now.
    pub(crate) fn touch(&mut self, key: &K) -> Option<V> {
        self.uses += 1;
        let (value, used) = self.entries.get_mut(key)?;
        *used = self.uses;
        Some(value.clone())
    }

    /// The value of `key`, which is `value` where there was none.
    pub(crate) fn get_or_insert(&mut self, key: &K, value: V, idle: impl Fn(&V) -> bool) -> V {
        if let Some(value) = self.touch(key) {
            return value;
        }
        if self.entries.len() >= self.sweep_at {
            self.sweep(idle);
        }
        self.entries.insert(key.clone(), (value.clone(), self.uses));
        value
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).map(|(value, _)| value.clone())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    fn sweep(&mut self, idle: impl Fn(&V) -> bool) {
        let step = self.bound / 8 + 1;
        let mut uses: Vec<u64> = self
            .entries
            .values()
            .filter(|(value, _)| idle(value))
            .map(|(_, used)| *used)
            .collect();
        uses.sort_unstable();
        let excess = (self.entries.len() + step).saturating_sub(self.bound);
        if let Some(last) = excess.min(uses.len()).checked_sub(1).map(|last| uses[last]) {
            self.entries
                .retain(|_, (value, used)| *used > last || !idle(value));
        }
        self.sweep_at = self.bound.max(self.entries.len() + step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idle_ones_unused_for_longest_go_and_the_others_stay() {
        let mut keyed = Keyed::new(16);
        for key in 0..1000_u32 {
            keyed.get_or_insert(&key, key, |value| value % 100 != 7);
            keyed.get_or_insert(&3, 3, |_| true);
        }
        let held = keyed.keys().filter(|key| **key % 100 == 7).count();
        assert_eq!(held, 10);
        assert!(keyed.get(&3).is_some());
        assert!(keyed.get(&999).is_some());
        assert!(keyed.keys().count() <= 16 + 10, "{}", keyed.keys().count());
    }
}
