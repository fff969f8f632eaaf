/// How far a model's input tokens are from their raw estimate, learned from the answers.
///
/// A ratio of sums, so that a long prompt weighs more than a short one: it is the long ones that
/// matter to a quota. Older answers fade, with a half-life of 44.
///
/// What is predicted leans to the high side by the mean error so far. Too high an estimate holds a
/// little quota for as long as the call takes; too low a one is a throttle, and slows all calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correction {
    raw: f64,
    actual: f64,
    error: f64,
}

/// The estimate itself counts as an answer of so many tokens, right to 15 %.
const PRIOR: f64 = 256.0;
const PRIOR_ERROR: f64 = 0.15;
const KEPT: f64 = 63.0 / 64.0;
/// No traffic makes the estimate so wrong; a report beyond says that something else was counted.
const FURTHEST: f64 = 8.0;

impl Default for Correction {
    fn default() -> Self {
        Self {
            raw: PRIOR,
            actual: PRIOR,
            error: PRIOR * PRIOR_ERROR,
        }
    }
}

impl Correction {
    /// What `raw` estimated tokens are likely to come to, at most.
    pub(crate) fn predict(&self, raw: u64) -> u64 {
        let factor = (self.actual + self.error) / self.raw;
        (raw as f64 * factor).ceil() as u64
    }

    /// `raw` estimated tokens were `actual` ones.
    pub(crate) fn learn(&mut self, raw: u64, actual: u64) {
        if raw == 0 {
            return;
        }
        let raw = raw as f64;
        let actual = (actual as f64).clamp(raw / FURTHEST, raw * FURTHEST);
        let error = (actual - raw * self.actual / self.raw).abs();
        self.raw = self.raw * KEPT + raw;
        self.actual = self.actual * KEPT + actual;
        self.error = self.error * KEPT + error;
    }
}

#[cfg(test)]
mod tests {
    use super::Correction;
    use proptest::prelude::*;

    fn off(learned: &Correction, raw: u64, actual: u64) -> f64 {
        learned.predict(raw) as f64 / actual as f64
    }

    #[test]
    fn a_first_guess_leans_to_the_high_side() {
        assert_eq!(Correction::default().predict(1_000), 1_150);
        assert_eq!(Correction::default().predict(0), 0);
    }

    #[test]
    fn an_estimate_twice_off_is_within_a_few_percent_after_forty_answers() {
        for (raw, actual) in [(1_000, 2_000), (1_000, 500), (50_000, 100_000)] {
            let mut learned = Correction::default();
            let mut before = f64::INFINITY;
            for answers in [1, 4, 15, 20] {
                (0..answers).for_each(|_| learned.learn(raw, actual));
                let now = (off(&learned, raw, actual) - 1.0).abs();
                assert!(now < before, "{raw} {actual}: {now} after {before}");
                before = now;
            }
            assert!(before < 0.05, "{raw} {actual}: {before}");
        }
    }

    #[test]
    fn it_leans_by_the_mean_error_and_long_prompts_count_more() {
        let mut learned = Correction::default();
        for n in 0..400 {
            // Ten percent up and down.
            learned.learn(1_000, if n % 2 == 0 { 1_100 } else { 900 });
        }
        let mean = off(&learned, 1_000, 1_000);
        assert!((1.05..1.15).contains(&mean), "{mean}");
        learned.learn(10, 80);
        assert!((off(&learned, 1_000, 1_000) - mean).abs() < 0.01);
    }

    #[test]
    fn it_follows_a_change_of_traffic() {
        let mut learned = Correction::default();
        (0..500).for_each(|_| learned.learn(1_000, 1_000));
        (0..300).for_each(|_| learned.learn(1_000, 3_000));
        assert!((off(&learned, 1_000, 3_000) - 1.0).abs() < 0.05);
    }

    proptest! {
        #[test]
        fn no_report_makes_it_wild(
            reports in prop::collection::vec((any::<u32>(), any::<u64>()), 0..200),
            raw in 0_u64..1_000_000,
        ) {
            let mut learned = Correction::default();
            for (raw, actual) in reports {
                learned.learn(u64::from(raw), actual);
            }
            let predicted = learned.predict(raw);
            prop_assert!(predicted <= raw * 17, "{predicted} of {raw}");
            prop_assert!(predicted >= raw / 8);
        }
    }
}
