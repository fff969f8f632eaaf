use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;
pub(crate) use tokio::runtime::Id;
use tokio::time::{Instant, Sleep, sleep_until};

/// The one timer of a key, set for the next turn.
///
/// One timer, and not one for each waiter: only the first can go next, and when that will be
/// changes with every call that is settled. It wakes the key, not a waiter, and the key wakes
/// those who may go.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    /// When it is due, and the runtime that drives it.
    set: Option<(Instant, Id)>,
    /// Kept when it has fired, so that the next one needs no allocation.
    sleep: Option<Pin<Box<Sleep>>>,
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The runtime that the caller is in, if any.
pub(crate) fn runtime() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

impl Timer {
    /// When `waker` will be called, and by which runtime.
    pub(crate) fn due(&self) -> Option<(Instant, Id)> {
        self.set
    }

    /// Lets `here`, the caller's runtime, call `waker` at `at`, and only then. Returns false where
    /// it is that time already.
    pub(crate) fn set(&mut self, at: Instant, here: Id, waker: &Waker) -> bool {
        self.set = None;
        // Made anew each time, where it lies: a `reset` would leave it with the runtime that it was
        // made in, which may be gone.
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                sleep.set(sleep_until(at));
                sleep
            }
            none => none.insert(Box::pin(sleep_until(at))),
        };
        // A task that is out of its budget would have the waker called at once. That is here, under
        // the lock that the waker takes.
        let sleep = pin!(tokio::task::unconstrained(sleep.as_mut()));
        match sleep.poll(&mut Context::from_waker(waker)) {
            Poll::Ready(()) => false,
            Poll::Pending => {
                self.set = Some((at, here));
                true
            }
        }
    }

    /// The waker was called. Says when that was due.
    pub(crate) fn fired(&mut self) -> Option<Instant> {
        self.set.take().map(|(at, _)| at)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
