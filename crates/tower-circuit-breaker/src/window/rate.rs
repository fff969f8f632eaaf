use super::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct Rate {
    /// More than 0, at most 1.
    pub(crate) limit: f64,
    pub(crate) window: Window,
}

impl Rate {
    pub(crate) fn new(limit: f64, window: Window) -> Self {
        assert!(
            limit > 0.0 && limit <= 1.0,
            "a rate is above 0 and at most 1"
        );
        Self { limit, window }
    }
}
