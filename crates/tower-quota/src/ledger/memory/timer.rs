use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;
pub(crate) use tokio::runtime::Id;
use tokio::time::{Instant, Sleep, sleep_until};

/// The one timer of a key. It wakes the key itself, not a waiter: so a call that waits is woken
/// once, to go.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    set: Option<(Instant, Id)>,
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
        // A new one each time: the old one may belong to a runtime that is gone.
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                sleep.set(sleep_until(at));
                sleep
            }
            none => none.insert(Box::pin(sleep_until(at))),
        };
        // Out of budget it would call the waker here, under the lock.
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
