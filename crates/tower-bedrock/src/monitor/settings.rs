use super::advice::Advice;
use std::fmt;

pub(super) struct Settings {
    pub(super) after: u64,
    pub(super) over_reservation: f64,
    pub(super) max_keys: usize,
    pub(super) on_advice: Option<Box<Tell>>,
}

type Tell = dyn Fn(&Advice) + Send + Sync;

impl Default for Settings {
    fn default() -> Self {
        Self {
            after: 20,
            over_reservation: 3.0,
            max_keys: 1024,
            on_advice: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("after", &self.after)
            .field("over_reservation", &self.over_reservation)
            .field("max_keys", &self.max_keys)
            .finish_non_exhaustive()
    }
}
