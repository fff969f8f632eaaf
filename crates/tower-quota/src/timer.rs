use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

/// The one timer of a key. It wakes the key itself, not a waiter: so a call that waits is woken
/// once, to go.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

pub(crate) enum Armed {
    Pending,
    /// It is that time already.
    Elapsed,
    /// There is no runtime here to wait with.
    NoRuntime,
}

impl Timer {
    /// Calls `waker` at `at`, and only then.
    pub(crate) fn set(&mut self, at: Instant, waker: impl FnOnce() -> Waker) -> Armed {
        if self.at == Some(at) {
            return Armed::Pending;
        }
        self.at = None;
        if Handle::try_current().is_err() {
            return Armed::NoRuntime;
        }
        // A new one each time: the old one may belong to a runtime that is gone.
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().set(sleep_until(at)),
            None => self.sleep = Some(Box::pin(sleep_until(at))),
        }
        let Some(sleep) = &mut self.sleep else {
            return Armed::NoRuntime;
        };
        // Out of budget it would call the waker here, under the lock.
        let sleep = pin!(tokio::task::unconstrained(sleep.as_mut()));
        match sleep.poll(&mut Context::from_waker(&waker())) {
            Poll::Ready(()) => Armed::Elapsed,
            Poll::Pending => {
                self.at = Some(at);
                Armed::Pending
            }
        }
    }

    /// The waker was called. Says when that was due.
    pub(crate) fn fired(&mut self) -> Option<Instant> {
        self.at.take()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
