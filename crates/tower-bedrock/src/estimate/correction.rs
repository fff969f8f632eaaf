/// How far a model's input tokens are from their estimate, learned from its answers.
///
/// A ratio of sums, so that a long prompt weighs more than a short one: the long ones matter to a
/// quota. Each answer makes all earlier ones weigh 1/64 less, so after 44 answers they weigh half.
///
/// A prediction is higher than the ratio by the mean error so far. Too high a prediction reserves a
/// little quota for nothing while the call runs. Too low a one is a throttle, which slows all calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correction {
    estimated_tokens: f64,
    actual_tokens: f64,
    /// How far off the ratio was at each answer, summed in tokens.
    error_tokens: f64,
}

/// Before the first answer, as if a prompt of so many tokens had been estimated exactly, with an
/// error of 15 %. Small, so that the first real prompt of some length outweighs it.
const PRIOR_TOKENS: f64 = 256.0;
const PRIOR_ERROR: f64 = 0.15;

/// What an answer leaves of the sums before it: with more the correction follows a change of traffic
/// too slowly, with less it jumps with every unusual prompt.
const KEPT: f64 = 63.0 / 64.0;

/// Four bytes a token are never so wrong for a whole prompt. A report beyond that counted something
/// else, and must not spoil the predictions that follow.
const MAX_RATIO: f64 = 8.0;

impl Default for Correction {
    fn default() -> Self {
        Self {
            estimated_tokens: PRIOR_TOKENS,
            actual_tokens: PRIOR_TOKENS,
            error_tokens: PRIOR_TOKENS * PRIOR_ERROR,
        }
    }
}

impl Correction {
    /// What `estimated_tokens` are likely to come to, at most.
    pub(crate) fn predict(&self, estimated_tokens: u64) -> u64 {
        let factor = (self.actual_tokens + self.error_tokens) / self.estimated_tokens;
        (estimated_tokens as f64 * factor).ceil() as u64
    }

    /// `estimated_tokens` were `actual_tokens` in truth.
    pub(crate) fn learn(&mut self, estimated_tokens: u64, actual_tokens: u64) {
        // Nothing was read of the request, so its tokens are no measure of the estimate.
        if estimated_tokens == 0 {
            return;
        }
        let estimated = estimated_tokens as f64;
        let actual = (actual_tokens as f64).clamp(estimated / MAX_RATIO, estimated * MAX_RATIO);
        // Against the ratio before this answer: its own prompt must not make it look right.
        let error = (actual - estimated * self.actual_tokens / self.estimated_tokens).abs();
        self.estimated_tokens = self.estimated_tokens * KEPT + estimated;
        self.actual_tokens = self.actual_tokens * KEPT + actual;
        self.error_tokens = self.error_tokens * KEPT + error;
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
