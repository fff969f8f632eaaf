//! One time for runtimes that each have a paused clock of their own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, sleep_until};

use crate::lock;

/// What has passed since all of them began. Clones are the same.
///
/// The clocks begin at instants that are some microseconds apart, so no `Instant` goes from one runtime to another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<Mutex<Vec<(Id, Instant)>>>);

impl Clock {
    /// The caller's runtime is one of them, and has just begun.
    pub(crate) fn begin_here(&self) {
        lock(&self.0).push((Handle::current().id(), Instant::now()));
    }

    pub(crate) fn now(&self) -> Duration {
        self.start().elapsed()
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.now().as_secs_f64()
    }

    /// Waits until so much has passed.
    pub(crate) async fn until(&self, at: Duration) {
        sleep_until(self.start() + at).await;
    }

    fn start(&self) -> Instant {
        let here = Handle::current().id();
        let starts = lock(&self.0);
        let found = starts.iter().find(|(id, _)| *id == here);
        found.expect("a runtime that has begun").1
    }
}
