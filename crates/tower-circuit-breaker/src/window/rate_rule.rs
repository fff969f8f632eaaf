use super::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct RateRule {
    /// More than 0, at most 1.
    pub(crate) at_least: f64,
    pub(crate) window: Window,
}

impl RateRule {
    pub(crate) fn new(at_least: f64, window: Window) -> Self {
        assert!(
            at_least > 0.0 && at_least <= 1.0,
            "a rate is above 0 and at most 1"
        );
        Self { at_least, window }
    }
}
