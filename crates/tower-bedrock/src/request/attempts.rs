use crate::error::{Error, ErrorKind};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// What the attempts of one call came to. Shared by the request and its clones, since whoever tells
/// the call's end may not be the layer that makes the attempts.
#[derive(Default)]
pub(crate) struct Attempts {
    so_far: Mutex<SoFar>,
    sent: AtomicU32,
}

#[derive(Clone, Default)]
struct SoFar {
    /// `None` until a retry layer is passed.
    made: Option<u32>,
    last_failure: Option<Error>,
    /// Where the last one was to go, where there is a choice.
    region: Option<Arc<str>>,
}

impl Attempts {
    /// An attempt has got its quota and is about to be sent.
    pub(crate) fn sent(&self) {
        // The task of a call sends one attempt at a time, and alone looks at the number.
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that was so.
    pub(crate) fn sent_count(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The next attempt is to go there.
    pub(crate) fn goes_to(&self, region: &Arc<str>) {
        self.lock().region = Some(Arc::clone(region));
    }

    /// Where the last one was to go, where there was a choice.
    pub(crate) fn region(&self) -> Option<Arc<str>> {
        self.lock().region.clone()
    }

    /// What the last one that was made failed with. One that was refused since may have gone elsewhere.
    pub(crate) fn last_failure(&self) -> Option<Error> {
        self.lock().last_failure.clone()
    }

    /// A retry layer was passed.
    pub(crate) fn begin(&self) {
        self.lock().made.get_or_insert(0);
    }

    /// An attempt has ended, with an error or an answer. One that was refused was not made.
    pub(crate) fn ended(&self, error: Option<&Error>) {
        if error.is_some_and(Error::is_refusal) {
            return;
        }
        let mut so_far = self.lock();
        so_far.made = Some(so_far.made.unwrap_or(0).saturating_add(1));
        if let Some(error) = error.filter(|error| error.kind() != ErrorKind::DeadlineExceeded) {
            so_far.last_failure = Some(error.clone());
        }
    }

    /// Notes in the error that a call ends with how many attempts were made, and what the last of them
    /// failed with if the error itself is only that there was no other.
    pub(crate) fn explain(&self, error: &mut Error) {
        let SoFar {
            made, last_failure, ..
        } = self.lock().clone();
        let is_refusal = error.is_refusal();
        if let Some(made) = made {
            error.set_attempts(made);
        } else if is_refusal && error.attempts().is_none() {
            error.set_attempts(0);
        }
        if (is_refusal || error.kind() == ErrorKind::DeadlineExceeded)
            && let Some(last) = last_failure
        {
            error.comes_after(last);
        }
    }

    /// Which attempt comes next, from 1 on, and what the last one failed with.
    #[cfg_attr(
        not(feature = "tracing"),
        allow(dead_code, reason = "spans alone tell it")
    )]
    pub(crate) fn next(&self) -> (u32, Option<Error>) {
        let SoFar {
            made, last_failure, ..
        } = self.lock().clone();
        (made.unwrap_or(0).saturating_add(1), last_failure)
    }

    /// How many attempts there were, if a retry layer was passed.
    pub(crate) fn made(&self) -> Option<u32> {
        self.lock().made
    }

    // Nothing under this lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}
