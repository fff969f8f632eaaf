use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::{
    charge::Charge,
    delays::Delays,
    gave_up::{Cause, GaveUp},
    limits::Limits,
    policy::Policy,
};

pin_project! {
    /// What a call carries from its first failure on.
    pub(crate) struct Retrying<Res, E> {
        throttled: Delays,
        transient: Delays,
        next: Option<(Cause, Charge)>,
        last: Option<Result<Res, E>>,
        // The wait, and after it the deadline.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<Res, E> Retrying<Res, E> {
    pub(crate) fn new<C, R>(policy: &Policy<C, R>) -> Self {
        let delays = |backoff| Delays::new(backoff, policy.state.fork_rng());
        Self {
            throttled: delays(policy.settings.throttled),
            transient: delays(policy.settings.transient),
            next: None,
            last: None,
            timer: None,
        }
    }

    /// Finds the wait before the next attempt, and pays for it.
    pub(crate) fn plan<C, R>(
        self: Pin<&mut Self>,
        cause: Cause,
        hint: Option<Duration>,
        limits: &Limits,
        policy: &Policy<C, R>,
    ) -> Result<Duration, GaveUp> {
        let this = self.project();
        let now = Instant::now();
        let delays = match cause {
            Cause::Throttled => this.throttled,
            Cause::Transient => this.transient,
        };
        let wait = delays
            .wait(hint, limits.left(now))
            .ok_or(GaveUp::Deadline)?;
        if !policy.state.withdraw(now, limits.weight) {
            return Err(GaveUp::Budget);
        }
        let charge = Charge::new(Arc::clone(&policy.state), limits.weight);
        *this.next = Some((cause, charge));
        Ok(wait)
    }

    /// Keeps the last result, which is the answer if there is no next.
    pub(crate) fn keep(self: Pin<&mut Self>, last: Result<Res, E>) {
        *self.project().last = Some(last);
    }

    pub(crate) fn take_last(self: Pin<&mut Self>) -> Option<Result<Res, E>> {
        self.project().last.take()
    }

    pub(crate) fn sleep(self: Pin<&mut Self>, wait: Duration) {
        self.project().timer.set(Some(sleep(wait)));
    }

    /// Lets the timer wait for `at` instead, or for nothing.
    pub(crate) fn sleep_until(self: Pin<&mut Self>, at: Option<Instant>) {
        self.project().timer.set(at.map(sleep_until));
    }

    pub(crate) fn poll_timer(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().timer.as_pin_mut() {
            Some(timer) => timer.poll(cx),
            None => Poll::Ready(()),
        }
    }

    /// The attempt that was planned begins: what it cost is spent. Tells why it is made.
    pub(crate) fn begin(self: Pin<&mut Self>) -> Option<Cause> {
        let mut this = self.project();
        this.timer.set(None);
        *this.last = None;
        let (cause, charge) = this.next.take()?;
        charge.spend();
        Some(cause)
    }
}
