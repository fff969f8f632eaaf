use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};
use tokio::{
    runtime::{Handle, Id},
    task::coop::unconstrained,
    time::{Instant, Sleep, sleep_until},
};

/// Polls a timer that limits something which was polled just before, whatever that left of the
/// task's cooperative budget: one that uses it up at every poll would else never be ended.
pub(crate) fn poll_timer(timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    pin!(unconstrained(timer)).poll(cx)
}

pin_project! {
    /// A timer for one moment after the other, which may move from one runtime to another.
    #[derive(Default)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Option<Sleep>,
        // Whose clock drives it: a runtime that was shut down drives it no more.
        runtime: Option<Id>,
    }
}

impl Timer {
    /// Whether it is `until`. It is cheap to move the moment on: a timer that goes off too early is set
    /// anew then, and not before.
    pub(crate) fn poll_until(
        self: Pin<&mut Self>,
        until: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut this = self.project();
        let runtime = Handle::try_current().ok().map(|runtime| runtime.id());
        if this.sleep.is_none() || *this.runtime != runtime {
            this.sleep.set(Some(sleep_until(until)));
            *this.runtime = runtime;
        }
        let Some(mut sleep) = this.sleep.as_pin_mut() else {
            return Poll::Pending;
        };
        if sleep.deadline() > until {
            sleep.as_mut().reset(until);
        }
        loop {
            ready!(poll_timer(sleep.as_mut(), cx));
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }
}

#[cfg(test)]
mod tests;
