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

    pub(crate) fn push_good(&mut self, calls: u32) {
        // Any more would only overwrite each other.
        for _ in 0..calls.min(self.size) {
            self.push(false);
        }
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
            size in 1..200_u32,
            calls in proptest::collection::vec((any::<bool>(), 0..300_u32, 0..50_u8), 0..200),
        ) {
            let mut window = CountWindow::new(size);
            let mut last = VecDeque::new();
            for (bad, good, kind) in calls {
                match kind {
                    0 => {
                        window.clear();
                        last.clear();
                    }
                    1 => {
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
