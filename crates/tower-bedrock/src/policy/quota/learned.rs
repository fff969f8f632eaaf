/// How far a model's input tokens are from their raw estimate, learned from the answers.
///
/// A ratio of sums, so that a long prompt weighs more than a short one: it is the long ones that
/// matter to a quota. Older answers fade, with a half-life of 44.
///
/// What is predicted leans to the high side by the mean error so far. Too high an estimate holds a
/// little quota for as long as the call takes; too low a one is a throttle, and slows all calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
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

impl Learned {
    pub(super) fn new() -> Self {
        Self {
            raw: PRIOR,
            actual: PRIOR,
            error: PRIOR * PRIOR_ERROR,
        }
    }

    /// What `raw` estimated tokens are likely to come to, at most.
    pub(super) fn predict(&self, raw: u64) -> u64 {
        let factor = (self.actual + self.error) / self.raw;
        (raw as f64 * factor).ceil() as u64
    }

    /// `raw` estimated tokens were `actual` ones.
    pub(super) fn learn(&mut self, raw: u64, actual: u64) {
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
