use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::charge::Charge;
use crate::{
    events::{GiveUpCause, RetryCause},
    policy::Policy,
    settings::Settings,
    waits::{Delays, Rejections, poll_timer},
};

pin_project! {
    /// What a call carries from its first failure on.
    pub(crate) struct Retrying<Res, E> {
        throttled: Delays,
        transient: Delays,
        rejections: Rejections,
        costly: u32,
        next: Option<(RetryCause, Option<Charge>)>,
        // The last result, where it is needed and is not the error below.
        last: Option<Result<Res, E>>,
        // What the last attempt that was made failed with. An answer is not kept: it may hold more.
        made: Option<E>,
        // The wait, and after it the deadline.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<Res, E> Retrying<Res, E> {
    pub(crate) fn new<R>(policy: &Policy<R>) -> Self {
        let delays = |backoff| Delays::new(backoff, policy.state.fork_rng());
        Self {
            throttled: delays(policy.settings.throttled),
            transient: delays(policy.settings.transient),
            rejections: Rejections::new(policy.settings.rejected_wait, policy.state.fork_rng()),
            costly: 0,
            next: None,
            last: None,
            made: None,
            timer: None,
        }
    }

    /// The wait before the next attempt, if there may be one.
    pub(crate) fn wait(
        self: Pin<&mut Self>,
        cause: RetryCause,
        hint: Option<Duration>,
        left: Option<Duration>,
        settings: &Settings,
    ) -> Result<Duration, GiveUpCause> {
        let this = self.project();
        let delays = match cause {
            RetryCause::Rejected => return this.rejections.wait(hint, left),
            RetryCause::Throttled => this.throttled,
            RetryCause::Transient => this.transient,
            RetryCause::Costly => {
                *this.costly += 1;
                if *this.costly >= settings.max_costly_attempts {
                    return Err(GiveUpCause::Costly);
                }
                this.transient
            }
        };
        if hint.is_some_and(|hint| hint > settings.max_hint()) {
            return Err(GiveUpCause::Hint);
        }
        delays.wait(hint, left)
    }

    /// The next attempt is certain but for what may still end the call while it waits.
    pub(crate) fn plan(self: Pin<&mut Self>, cause: RetryCause, charge: Option<Charge>) {
        *self.project().next = Some((cause, charge));
    }

    /// Whether a rejection of the next attempt could be waited for.
    pub(crate) fn may_be_rejected(&self) -> bool {
        !self.rejections.is_used_up()
    }

    /// Keeps the last result if it is `needed`, which is the answer if there is no next; and the
    /// error of an attempt that was made.
    pub(crate) fn keep(self: Pin<&mut Self>, last: Result<Res, E>, needed: bool) {
        let rejected = self.was_rejected();
        let this = self.project();
        match last {
            last if rejected => *this.last = needed.then_some(last),
            Err(made) => *this.made = Some(made),
            last => {
                *this.made = None;
                *this.last = needed.then_some(last);
            }
        }
    }

    pub(crate) fn take_last(self: Pin<&mut Self>) -> Option<Result<Res, E>> {
        let this = self.project();
        this.last.take().or_else(|| this.made.take().map(Err))
    }

    /// What the last attempt that was made failed with, if the last result is that of one that was
    /// not.
    pub(crate) fn take_made(self: Pin<&mut Self>) -> Option<E> {
        self.project().made.take()
    }

    /// Whether the next attempt is one that was rejected before.
    pub(crate) fn was_rejected(&self) -> bool {
        matches!(self.next, Some((RetryCause::Rejected, _)))
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
            Some(timer) => poll_timer(timer, cx),
            None => Poll::Ready(()),
        }
    }

    /// The attempt that was planned begins: what it cost is spent. Tells why it is made.
    pub(crate) fn begin(self: Pin<&mut Self>) -> Option<RetryCause> {
        let mut this = self.project();
        this.timer.set(None);
        *this.last = None;
        let (cause, charge) = this.next.take()?;
        charge.into_iter().for_each(Charge::spend);
        Some(cause)
    }
}
