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
    pub(super) drain: Option<Drain>,
}

/// How the rest of a stream is read whose reader left.
#[derive(Debug, Clone)]
pub(super) struct Drain {
    pub(super) time: Duration,
    /// Its reader may leave from a thread without a runtime.
    pub(super) runtime: Handle,
}

impl StreamTerms {
    /// For a call that is made now.
    pub(crate) fn new(limits: StreamLimits) -> Self {
        Self {
            limits,
            deadline: None,
            called: Instant::now(),
            drain: None,
        }
    }

    pub(crate) fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn drain(mut self, time: Option<Duration>) -> Self {
        let runtime = time.and_then(|_| Handle::try_current().ok());
        self.drain = time
            .zip(runtime)
            .map(|(time, runtime)| Drain { time, runtime });
        self
    }
}
