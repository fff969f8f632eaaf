use super::counts::Counts;
use super::window::Window;

/// The share of bad calls in a window that trips a circuit.
#[derive(Clone, Debug)]
pub(crate) struct RateRule {
    /// More than 0, at most 1.
    at_least: f64,
    window: Window,
}

impl RateRule {
    pub(crate) fn new(at_least: f64, window: Window) -> Self {
        assert!(
            at_least > 0.0 && at_least <= 1.0,
            "a rate is above 0 and at most 1"
        );
        Self { at_least, window }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    pub(crate) fn is_met(&self, counts: Counts) -> bool {
        // Divided, not multiplied: 7 of 100 is exactly the 0.07 that was asked for.
        counts.calls >= u64::from(self.window.minimum)
            && counts.bad as f64 / counts.calls as f64 >= self.at_least
    }
}
