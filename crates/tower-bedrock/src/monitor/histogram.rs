use std::fmt;

/// How long answers were, in tokens, with a fixed size for any number of answers.
///
/// Each power of two has eight steps, so a step's upper end is at most an eighth above any length
/// in it: less than the 20 % that a suggestion adds. Longer answers have coarser steps, as a token
/// more or less matters less to them.
#[derive(Clone)]
pub(super) struct Histogram {
    counts: Box<[u32; STEPS]>,
    total: u64,
}

/// 0 to 7 have a step each, then eight for each of the powers 2³ to 2³¹.
const STEPS: usize = 8 + 29 * 8;

impl Histogram {
    pub(super) fn record(&mut self, tokens: u32) {
        let count = &mut self.counts[step(tokens)];
        *count = count.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    /// How many were recorded.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// A length that 99 of 100 answers do not exceed, or `None` where there was no answer.
    pub(super) fn percentile_99(&self) -> Option<u32> {
        if self.total == 0 {
            return None;
        }
        // Rounded so that below 100 answers the longest counts.
        let rank = self.total - self.total / 100;
        let mut seen = 0_u64;
        let reaches = |count: &u32| {
            seen = seen.saturating_add(u64::from(*count));
            seen >= rank
        };
        // Not found only where a step's `u32` is full, for then the steps add up to less than the
        // total.
        let step = self.counts.iter().position(reaches).unwrap_or(STEPS - 1);
        Some(upper_end(step))
    }
}

fn step(tokens: u32) -> usize {
    if tokens < 8 {
        return tokens as usize;
    }
    let power = tokens.ilog2() as usize;
    // The three bits below the highest one.
    let within = (tokens >> (power - 3)) as usize & 7;
    (power - 2) * 8 + within
}

fn upper_end(step: usize) -> u32 {
    if step < 8 {
        return step as u32;
    }
    let (power, within) = (step / 8 + 2, step % 8);
    let end = (9 + within as u64) << (power - 3);
    u32::try_from(end - 1).unwrap_or(u32::MAX)
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: Box::new([0; STEPS]),
            total: 0,
        }
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_step_ends_where_the_next_begins() {
        for at in 0..STEPS {
            let end = upper_end(at);
            assert_eq!(step(end), at);
            match end.checked_add(1) {
                Some(next) => assert_eq!(step(next), at + 1),
                None => assert_eq!(at, STEPS - 1),
            }
        }
    }

    proptest! {
        #[test]
        fn the_percentile_is_never_below_the_exact_one_and_at_most_an_eighth_above(
            lengths in proptest::collection::vec(
                prop_oneof![0_u32..20, 0_u32..10_000, any::<u32>()],
                1..400,
            ),
        ) {
            let mut histogram = Histogram::default();
            lengths.iter().for_each(|&length| histogram.record(length));
            let mut sorted = lengths;
            sorted.sort_unstable();
            // The shortest that no more than 1 in 100 exceed.
            let over = sorted.len() / 100;
            let exact = sorted[sorted.len() - 1 - over];
            let told = histogram.percentile_99().unwrap();
            prop_assert!(told >= exact);
            prop_assert!(u64::from(told) <= u64::from(exact) + u64::from(exact) / 8);
        }
    }
}
