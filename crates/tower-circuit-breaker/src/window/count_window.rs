use super::counts::Counts;

/// The last `size` calls, one bit each.
#[derive(Debug)]
pub(crate) struct CountWindow {
    /// One for each call in the window: whether it was bad.
    bits: Box<[u64]>,
    size: u32,
    /// The bit of the next call, and of the oldest one once the window is full.
    next: u32,
    calls: u32,
    bad: u32,
}

impl CountWindow {
    pub(crate) fn new(size: u32) -> Self {
        Self {
            bits: vec![0; size.div_ceil(64) as usize].into_boxed_slice(),
            size,
            next: 0,
            calls: 0,
            bad: 0,
        }
    }

    pub(crate) fn push(&mut self, bad: bool) {
        let mask = 1 << (self.next % 64);
        let word = &mut self.bits[(self.next / 64) as usize];
        if self.calls == self.size {
            self.bad -= u32::from(*word & mask != 0);
        } else {
            self.calls += 1;
        }
        if bad {
            *word |= mask;
            self.bad += 1;
        } else {
            *word &= !mask;
        }
        self.next = if self.next + 1 == self.size {
            0
        } else {
            self.next + 1
        };
    }

    /// Adds `calls` good calls, a word of them at a time.
    pub(crate) fn push_good(&mut self, calls: u32) {
        // Any more would only overwrite each other.
        let calls = calls.min(self.size);
        let up_to_end = calls.min(self.size - self.next);
        let gone = self.zero(self.next, self.next + up_to_end);
        if self.calls == self.size {
            self.bad -= gone;
        } else {
            // Until the window is full, what is overwritten is not part of it.
            self.calls += up_to_end;
        }
        // Only a window that is full by now goes on at its start.
        self.bad -= self.zero(0, calls - up_to_end);
        self.next = if self.next + up_to_end == self.size {
            calls - up_to_end
        } else {
            self.next + calls
        };
    }

    /// Zeroes the bits `from..to`, and says how many were set.
    fn zero(&mut self, from: u32, to: u32) -> u32 {
        if from == to {
            return 0;
        }
        let (first, last) = ((from / 64) as usize, ((to - 1) / 64) as usize);
        let mut set = 0;
        for word in first..=last {
            let mut mask = u64::MAX;
            if word == first {
                mask &= u64::MAX << (from % 64);
            }
            if word == last {
                mask &= u64::MAX >> (63 - (to - 1) % 64);
            }
            set += (self.bits[word] & mask).count_ones();
            self.bits[word] &= !mask;
        }
        set
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            calls: u64::from(self.calls),
            bad: u64::from(self.bad),
        }
    }

    /// Forgets the calls; their bits are overwritten before they are read again.
    pub(crate) fn clear(&mut self) {
        (self.next, self.calls, self.bad) = (0, 0, 0);
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
            size in prop_oneof![1..200_u32, 1..1000_u32],
            calls in proptest::collection::vec((any::<bool>(), 0..1200_u32, 0..20_u8), 0..300),
        ) {
            let mut window = CountWindow::new(size);
            let mut last = VecDeque::new();
            for (bad, good, kind) in calls {
                match kind {
                    0 => {
                        window.clear();
                        last.clear();
                    }
                    1..5 => {
                        let good = if kind == 1 { good } else { good % 70 };
                        window.push_good(good);
                        last.extend((0..good).map(|_| false));
                    }
                    _ => {
                        window.push(bad);
                        last.push_back(bad);
                    }
                }
                while last.len() > size as usize {
                    last.pop_front();
                }
                let bad = last.iter().filter(|bad| **bad).count();
                let (calls, bad) = (last.len() as u64, bad as u64);
                prop_assert_eq!(window.counts(), Counts { calls, bad });
            }
        }
    }
}
