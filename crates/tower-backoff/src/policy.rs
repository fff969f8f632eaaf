use std::{sync::Arc, time::Duration};

use crate::{Backoff, state::State, telemetry::Telemetry};

/// The knobs of a layer, as they stood when it made a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) throttled: Backoff,
    pub(crate) transient: Backoff,
    pub(crate) max_attempts: u32,
    pub(crate) deadline: Option<Duration>,
    pub(crate) name: &'static str,
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
