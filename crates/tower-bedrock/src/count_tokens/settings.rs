use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) all: bool,
    pub(super) patience: Duration,
    pub(super) pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            all: false,
            patience: Duration::from_secs(5),
            pause: Duration::from_secs(60),
        }
    }
}
