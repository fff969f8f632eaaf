/// The last `size` calls, one bit each.
#[derive(Debug)]
pub(crate) struct Ring {
    bits: Box<[u64]>,
    size: u32,
    next: u32,
    calls: u32,
    hits: u32,
}

impl Ring {
    pub(crate) fn new(size: u32) -> Self {
        Self {
            bits: vec![0; size.div_ceil(64) as usize].into_boxed_slice(),
            size,
            next: 0,
            calls: 0,
            hits: 0,
        }
    }

    pub(crate) fn push(&mut self, hit: bool) {
        let mask = 1 << (self.next % 64);
        let word = &mut self.bits[(self.next / 64) as usize];
        if self.calls == self.size {
            self.hits -= u32::from(*word & mask != 0);
        } else {
            self.calls += 1;
        }
        if hit {
            *word |= mask;
            self.hits += 1;
        } else {
            *word &= !mask;
        }
        self.next = if self.next + 1 == self.size {
            0
        } else {
            self.next + 1
        };
    }

    pub(crate) fn push_misses(&mut self, misses: u32) {
        for _ in 0..misses.min(self.size) {
            self.push(false);
        }
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (u64::from(self.calls), u64::from(self.hits))
    }

    /// Forgets the calls; their bits are overwritten before they are read again.
    pub(crate) fn clear(&mut self) {
        (self.next, self.calls, self.hits) = (0, 0, 0);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_counts_the_last_calls(
            size in 1..200_u32,
            calls in proptest::collection::vec((any::<bool>(), 0..300_u32, 0..50_u8), 0..200),
        ) {
            let mut ring = Ring::new(size);
            let mut last = VecDeque::new();
            for (hit, misses, kind) in calls {
                match kind {
                    0 => {
                        ring.clear();
                        last.clear();
                    }
                    1 => {
                        ring.push_misses(misses);
                        last.extend((0..misses).map(|_| false));
                    }
                    _ => {
                        ring.push(hit);
                        last.push_back(hit);
                    }
                }
                while last.len() > size as usize {
                    last.pop_front();
                }
                let hits = last.iter().filter(|hit| **hit).count();
                prop_assert_eq!(ring.counts(), (last.len() as u64, hits as u64));
            }
        }
    }
}
