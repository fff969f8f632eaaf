use std::{collections::HashMap, hash::Hash, sync::Arc};

use crate::store::Scope;

/// With so many floors they become one for everything, which is right and costs a few calls.
const MOST: usize = 1024;

/// From when on calls must have begun for their answers to be of use, though the remote store may have
/// older ones: what was invalidated here, or could not be replaced there. Plain data.
///
/// Times are those of [`wall_clock`](super::wall_clock), which other processes write into their records.
#[derive(Debug)]
pub(crate) struct Floors<K> {
    all: u64,
    by_key: HashMap<K, u64>,
    by_tag: HashMap<Arc<str>, u64>,
}

impl<K> Default for Floors<K> {
    fn default() -> Self {
        Self {
            all: 0,
            by_key: HashMap::new(),
            by_tag: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq + Clone> Floors<K> {
    /// Refuses answers of `scope` to calls that began before `time`.
    pub(crate) fn raise(&mut self, scope: &Scope<K>, time: u64) {
        let floor = match scope {
            Scope::Key(key) => self.by_key.entry(key.clone()).or_default(),
            Scope::Tag(tag) => self.by_tag.entry(Arc::clone(tag)).or_default(),
            Scope::All => &mut self.all,
        };
        *floor = time.max(*floor);
        if self.by_key.len() + self.by_tag.len() > MOST {
            let floors = self.by_key.values().chain(self.by_tag.values());
            self.all = floors.fold(self.all, |most, floor| most.max(*floor));
            self.by_key.clear();
            self.by_tag.clear();
        }
    }

    /// Whether an answer with `tags` to a call for `key` that began at `began` is of use.
    pub(crate) fn admit(&self, key: &K, tags: &[Arc<str>], began: u64) -> bool {
        let floors = self.by_key.get(key).into_iter();
        let mut floors = floors.chain(tags.iter().filter_map(|tag| self.by_tag.get(tag)));
        began >= self.all && floors.all(|floor| began >= *floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_scope_are_refused_from_before_its_floor() {
        let red: Arc<[Arc<str>]> = ["red".into()].into();
        let mut floors = Floors::default();
        assert!(floors.admit(&1, &red, 0));
        floors.raise(&Scope::Key(1), 10);
        floors.raise(&Scope::Key(1), 5);
        floors.raise(&Scope::Tag("red".into()), 20);
        let admitted = |floors: &Floors<i32>, time| {
            [
                floors.admit(&1, &[], time),
                floors.admit(&2, &[], time),
                floors.admit(&2, &red, time),
            ]
        };
        assert_eq!(admitted(&floors, 9), [false, true, false]);
        assert_eq!(admitted(&floors, 10), [true, true, false]);
        assert_eq!(admitted(&floors, 20), [true; 3]);
        floors.raise(&Scope::All, 30);
        assert_eq!(admitted(&floors, 29), [false; 3]);
        assert_eq!(admitted(&floors, 30), [true; 3]);
    }

    #[test]
    fn many_floors_become_one() {
        let mut floors = Floors::default();
        for key in 0..=MOST {
            floors.raise(&Scope::Key(key), key as u64);
        }
        assert_eq!((floors.by_key.len(), floors.all), (0, MOST as u64));
    }
}
