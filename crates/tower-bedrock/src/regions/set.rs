/// How many Regions can be listed.
pub(crate) const MOST: usize = 32;

/// Some of the listed Regions, by their place in the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Set(u32);

impl Set {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn one(index: usize) -> Self {
        Self(1 << index)
    }

    pub(crate) const fn has(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    pub(crate) const fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    #[cfg(test)]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[cfg(test)]
    pub(crate) const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// In the order of the list.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            if rest == 0 {
                return None;
            }
            let index = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            Some(index)
        })
    }
}

impl FromIterator<usize> for Set {
    fn from_iter<T: IntoIterator<Item = usize>>(indices: T) -> Self {
        let mut set = Self::NONE;
        for index in indices {
            set.insert(index);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Set};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set_of_places(
            ours in proptest::collection::btree_set(0..MOST, 0..MOST),
            others in proptest::collection::btree_set(0..MOST, 0..MOST),
        ) {
            let (a, b): (Set, Set) = (ours.iter().copied().collect(), others.iter().copied().collect());
            prop_assert_eq!(a.iter().collect::<Vec<_>>(), ours.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(a.len(), ours.len());
            prop_assert_eq!(a.is_empty(), ours.is_empty());
            let both: BTreeSet<_> = a.and(b).iter().collect();
            prop_assert_eq!(both, &ours & &others);
            let rest: BTreeSet<_> = a.without(b).iter().collect();
            prop_assert_eq!(rest, &ours - &others);
            prop_assert!((0..MOST).all(|index| a.has(index) == ours.contains(&index)));
        }
    }
}
