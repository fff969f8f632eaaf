use std::future::Future;

use tokio::{runtime, task::AbortHandle};

/// Where work goes on that no caller waits for: a new answer for a stale one, a call that all its
/// callers have left, a write to a remote store. All of it starts here.
pub(crate) struct Background(runtime::Handle);

impl Background {
    /// The runtime of the current task. Outside of one there is no background, and each user says
    /// what is done then.
    pub(crate) fn at_hand() -> Option<Self> {
        runtime::Handle::try_current().ok().map(Self)
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Nobody joins the task: its work ends its flight when it is dropped, however that comes.
        drop(self.0.spawn(work));
    }

    pub(crate) fn spawn_abortable(
        &self,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        self.0.spawn(work).abort_handle()
    }
}
