use super::stream_limits::StreamLimits;
use std::time::Duration;
use tokio::{runtime::Handle, time::Instant};

/// What holds for the stream of one call.
#[derive(Debug, Clone)]
pub struct StreamTerms {
    pub(super) limits: StreamLimits,
    /// Where the whole stream has to end, if anywhere.
    pub(super) deadline: Option<Instant>,
    pub(super) called: Instant,
    /// For how long the rest is read of a stream whose reader left.
    pub(super) drain: Option<Duration>,
    /// Where that is done: its reader may leave from a thread without a runtime.
    pub(super) runtime: Option<Handle>,
}

impl StreamTerms {
    /// For a call that is made now.
    pub(crate) fn new(limits: StreamLimits) -> Self {
        Self {
            limits,
            deadline: None,
            called: Instant::now(),
            drain: None,
            runtime: Handle::try_current().ok(),
        }
    }

    pub(crate) fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn drain(mut self, time: Option<Duration>) -> Self {
        self.drain = time;
        self
    }

    /// For one who reads along, now.
    pub(super) fn joined(&self) -> Self {
        Self {
            deadline: None,
            called: Instant::now(),
            ..self.clone()
        }
    }
}
