use std::sync::Arc;

use crate::{settings::Settings, state::State, telemetry::Telemetry};

/// Everything the calls of one service and its clones consult.
#[derive(Debug)]
pub(crate) struct Policy<C, R> {
    pub(crate) classify: C,
    pub(crate) replay: R,
    pub(crate) settings: Settings,
    pub(crate) state: Arc<State>,
    pub(crate) telemetry: Telemetry,
}
