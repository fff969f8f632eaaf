use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, with a bound on those that are idle.
///
/// Nothing is done before a new key comes and the bound is reached. Then the idle values that were
/// unused for longest go, an eighth of the bound at once: a walk over all keys is paid for by many
/// new ones, and reading a key never moves anything.
#[derive(Debug)]
pub(crate) struct KeyMap<K, V> {
    entries: HashMap<K, V>,
    bound: usize,
    sweep_at: usize,
}

impl<K, V> KeyMap<K, V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            entries: HashMap::new(),
            bound,
            sweep_at: bound,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<K: Hash + Eq + Clone, V: Clone> KeyMap<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).cloned()
    }

    /// The value of `key`, which is `value` where there was none. `idle_since` says when a value
    /// was last used, if it is idle.
    pub(crate) fn get_or_insert(
        &mut self,
        key: &K,
        value: V,
        idle_since: impl Fn(&V) -> Option<u64>,
    ) -> V {
        if let Some(value) = self.get(key) {
            return value;
        }
        if self.entries.len() >= self.sweep_at {
            self.sweep(idle_since);
        }
        self.entries.insert(key.clone(), value.clone());
        value
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    fn sweep(&mut self, idle_since: impl Fn(&V) -> Option<u64>) {
        // Room for an eighth more than the bound asks for, or the next new key would sweep again.
        let step = self.bound / 8 + 1;
        let mut idle: Vec<u64> = self.entries.values().filter_map(&idle_since).collect();
        idle.sort_unstable();
        let mut excess = (self.entries.len() + step).saturating_sub(self.bound);
        if let Some(last) = excess.min(idle.len()).checked_sub(1).map(|last| idle[last]) {
            self.entries.retain(|_, value| {
                let goes = excess > 0 && idle_since(value).is_some_and(|since| since <= last);
                excess -= usize::from(goes);
                !goes
            });
        }
        // If all are in use there may be more than the bound, and no use in looking each time.
        self.sweep_at = self.bound.max(self.entries.len() + step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idle_ones_unused_for_longest_go_and_the_others_stay() {
        let mut keys = KeyMap::new(16);
        for key in 0..1000_u32 {
            // The third is used all the time, and every hundredth is never idle.
            keys.get_or_insert(&key, key, |value| match value {
                3 => Some(u64::from(key)),
                value => (value % 100 != 7).then_some(u64::from(*value)),
            });
            assert!(keys.get(&key.min(3)).is_some());
            assert!(keys.get(&key).is_some());
        }
        let held = keys.keys().filter(|key| **key % 100 == 7).count();
        assert_eq!(held, 10);
        assert!(keys.len() <= 16 + 10, "{}", keys.len());
        assert!(keys.get(&998).is_some());
    }

    #[test]
    fn of_those_last_used_at_the_same_time_no_more_go_than_have_to() {
        let mut keys = KeyMap::new(16);
        for key in 0..17_u32 {
            keys.get_or_insert(&key, (), |()| Some(0));
        }
        assert_eq!(keys.len(), 14);
    }
}
