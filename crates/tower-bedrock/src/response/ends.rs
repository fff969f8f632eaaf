use super::{Ending, Usage};
use crate::{error::Error, telemetry::Watch};
use std::{
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::Instant;

/// How a stream ended, as it is told to those who wait for it.
#[derive(Debug)]
pub(crate) struct End {
    /// What ends the stream for its reader; whoever is told may add to it.
    pub(crate) result: Result<(), Error>,
    pub(crate) usage: Option<Usage>,
    pub(crate) ending: Ending,
    pub(crate) timing: Timing,
}

/// When the events of a stream came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) events: u64,
    pub(crate) first_event: Option<Instant>,
    /// From the call to the first event.
    pub(crate) to_first_event: Duration,
    /// From the first event to the last one.
    pub(crate) from_first_to_last: Duration,
}

impl Timing {
    pub(crate) fn between_events(&self) -> Option<Duration> {
        let gaps = u32::try_from(self.events.saturating_sub(1)).unwrap_or(u32::MAX);
        self.from_first_to_last.checked_div(gaps)
    }
}

/// Waits for the end of a stream. Dropped without it: every reader left before.
pub(crate) trait OnEnd: Send {
    fn end(self: Box<Self>, end: &mut End);
}

/// Those who wait for the end of a stream, in the order in which they came. The readers of one stream
/// share them: the first one to see the end tells it, and the last one to leave drops them.
pub struct Ends(Arc<Mutex<Shared>>);

struct Shared {
    /// How many read. Counted here, as who leaves has to know whether others stay.
    readers: usize,
    waiting: Vec<Box<dyn OnEnd>>,
    /// The attempt that the stream is of. Not one of those who wait, which would take a box.
    attempt: Option<Watch>,
}

impl Ends {
    pub(crate) fn add(&self, on_end: Box<dyn OnEnd>) {
        self.shared().waiting.push(on_end);
    }

    /// Has the end told to who watches the attempt.
    pub(crate) fn watch(&self, attempt: Watch) {
        let before = self.shared().attempt.replace(attempt);
        // Whom it tells is no business of the lock.
        drop(before);
    }

    /// Tells the end, once.
    pub(crate) fn tell(&self, end: &mut End) {
        let (waiting, attempt) = {
            let mut shared = self.shared();
            (mem::take(&mut shared.waiting), shared.attempt.take())
        };
        if let Some(attempt) = attempt {
            attempt.stream_ended(end);
        }
        // Outside of the lock: each has locks of its own.
        for on_end in waiting {
            on_end.end(end);
        }
    }

    /// For those who do not read, and may read later: as long as a reader is there.
    pub(crate) fn downgrade(&self) -> WeakEnds {
        WeakEnds(Arc::downgrade(&self.0))
    }

    /// Leaves those who wait to the other readers. `false`, and nothing is changed, if there are none: of
    /// several who leave at once one is the last.
    pub(crate) fn leave(&mut self) -> bool {
        let mut shared = self.shared();
        if shared.readers == 1 {
            return false;
        }
        shared.readers -= 1;
        drop(shared);
        // It is counted no more, so not by `drop` either.
        self.0 = Self::of_one_reader();
        true
    }

    fn of_one_reader() -> Arc<Mutex<Shared>> {
        Arc::new(Mutex::new(Shared {
            readers: 1,
            waiting: Vec::new(),
            attempt: None,
        }))
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Ends {
    fn default() -> Self {
        Self(Self::of_one_reader())
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.shared().readers -= 1;
    }
}

/// The [`Ends`] of a stream that somebody else reads.
#[derive(Clone)]
pub(crate) struct WeakEnds(Weak<Mutex<Shared>>);

impl WeakEnds {
    /// Those of the stream, or nobody if it is read no more.
    pub(crate) fn upgrade(&self) -> Ends {
        let Some(shared) = self.0.upgrade() else {
            return Ends::default();
        };
        let mut counted = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.readers == 0 {
            // Whoever was the last is about to drop them.
            drop(counted);
            return Ends::default();
        }
        counted.readers += 1;
        drop(counted);
        Ends(shared)
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ends").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
