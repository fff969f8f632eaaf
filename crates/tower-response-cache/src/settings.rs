use std::time::Duration;

/// What the knobs of the layer set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) finish_abandoned: bool,
    pub(crate) background_timeout: Duration,
    pub(crate) remote_timeout: Duration,
    pub(crate) remote_flights: Duration,
    pub(crate) failures_in_turn: u32,
    pub(crate) name: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            finish_abandoned: false,
            background_timeout: Duration::from_secs(5 * 60),
            remote_timeout: Duration::from_secs(1),
            remote_flights: Duration::from_secs(10),
            failures_in_turn: 2,
            name: "default",
        }
    }
}
