/// The parts that a span is counted in.
const PARTS: usize = 6;

/// What was counted in the last `span`, or a little longer: by a fifth at most.
///
/// A few numbers instead of a list of times, where that is exact enough.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Recent {
    part: u64,
    /// When the part of time began that is counted now, and the sums of it and those before.
    begun: u64,
    sums: [u64; PARTS],
}

impl Recent {
    pub(crate) fn new(span: u64) -> Self {
        Self {
            part: span / (PARTS as u64 - 1),
            begun: 0,
            sums: [0; PARTS],
        }
    }

    pub(crate) fn add(&mut self, now: u64, amount: u64) {
        self.advance(now);
        self.sums[0] = self.sums[0].saturating_add(amount);
    }

    /// Takes back what was counted `at` that time.
    pub(crate) fn take(&mut self, now: u64, at: u64, amount: u64) {
        self.advance(now);
        let parts = self.begun.saturating_sub(at).div_ceil(self.part) as usize;
        if let Some(sum) = self.sums.get_mut(parts) {
            *sum = sum.saturating_sub(amount);
        }
    }

    pub(crate) fn sum(&mut self, now: u64) -> u64 {
        self.advance(now);
        self.sums
            .iter()
            .fold(0, |sum, part| sum.saturating_add(*part))
    }

    fn advance(&mut self, now: u64) {
        let age = now - self.begun;
        if age < self.part {
            return;
        }
        if age >= self.part * PARTS as u64 {
            self.sums = [0; PARTS];
            self.begun = now;
            return;
        }
        let passed = (age / self.part) as usize;
        self.sums.rotate_right(passed);
        self.sums[..passed].fill(0);
        self.begun += passed as u64 * self.part;
    }
}

#[cfg(test)]
mod tests;
