use std::time::Duration;

use crate::{
    events::Callbacks,
    waits::{Backoff, Jitter},
};

/// The knobs of a layer, as they stood when it made a service.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) throttled: Backoff,
    pub(crate) transient: Backoff,
    pub(crate) max_attempts: u32,
    pub(crate) max_costly_attempts: u32,
    /// `None` is the longer of the two caps.
    pub(crate) max_hint: Option<Duration>,
    pub(crate) rejected_wait: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) name: &'static str,
    pub(crate) callbacks: Callbacks,
}

impl Settings {
    /// The longest hint that is waited for.
    pub(crate) fn max_hint(&self) -> Duration {
        let caps = self.throttled.cap().max(self.transient.cap());
        self.max_hint.unwrap_or(caps)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Eight attempts wait longer than a quota minute even at their shortest.
            throttled: Backoff::new(Duration::from_secs(1), Duration::from_secs(60))
                .jitter(Jitter::Equal),
            transient: Backoff::new(Duration::from_millis(100), Duration::from_secs(20)),
            max_attempts: 8,
            max_costly_attempts: 2,
            max_hint: None,
            rejected_wait: Duration::from_secs(5),
            deadline: None,
            name: "default",
            callbacks: Callbacks::default(),
        }
    }
}
