use std::time::Duration;

use crate::{backoff::Backoff, jitter::Jitter};

/// The knobs of a layer, as they stood when it made a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) throttled: Backoff,
    pub(crate) transient: Backoff,
    pub(crate) max_attempts: u32,
    pub(crate) deadline: Option<Duration>,
    pub(crate) name: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Eight attempts wait longer than a quota minute even at their shortest.
            throttled: Backoff::new(Duration::from_secs(1), Duration::from_secs(60))
                .jitter(Jitter::Equal),
            transient: Backoff::new(Duration::from_millis(100), Duration::from_secs(20)),
            max_attempts: 8,
            deadline: None,
            name: "default",
        }
    }
}
