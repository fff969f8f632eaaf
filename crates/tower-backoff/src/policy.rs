use std::{sync::Arc, time::Duration};

use crate::{
    events::{GiveUpCause, GiveUpEvent, RetryCause, RetryEvent},
    settings::Settings,
    state::State,
    telemetry::Telemetry,
};

/// What the calls of one service and its clones consult, beside the classifier.
#[derive(Debug)]
pub(crate) struct Policy<R> {
    pub(crate) replay: R,
    pub(crate) settings: Settings,
    pub(crate) state: Arc<State>,
    pub(crate) telemetry: Telemetry,
}

impl<R> Policy<R> {
    /// The wait before a retry begins.
    pub(crate) fn tell_retry(&self, cause: RetryCause, attempts: u32, wait: Duration) {
        let event = RetryEvent {
            name: self.settings.name,
            cause,
            attempts,
            wait,
        };
        self.telemetry.retrying(&event);
        if let Some(tell) = &self.settings.callbacks.retry {
            tell(&event);
        }
    }

    /// A result worth a retry goes to the caller.
    pub(crate) fn tell_give_up(&self, cause: GiveUpCause, attempts: u32) {
        let event = GiveUpEvent {
            name: self.settings.name,
            cause,
            attempts,
        };
        self.telemetry.gave_up(&event);
        if let Some(tell) = &self.settings.callbacks.give_up {
            tell(&event);
        }
    }
}
