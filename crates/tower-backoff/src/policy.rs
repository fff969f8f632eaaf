use std::{sync::Arc, time::Duration};

use crate::{Backoff, Jitter, state::State, telemetry::Telemetry};

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

/// Everything the calls of one service and its clones consult.
#[derive(Debug)]
pub(crate) struct Policy<C, R> {
    pub(crate) classify: C,
    pub(crate) replay: R,
    pub(crate) settings: Settings,
    pub(crate) state: Arc<State>,
    pub(crate) telemetry: Telemetry,
}
