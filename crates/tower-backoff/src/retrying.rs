use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    Delays,
    charge::Charge,
    gave_up::{Cause, GaveUp},
    limits::Limits,
    policy::Policy,
};

/// What a call carries from its first failure on.
pub(crate) struct Retrying<Res, E> {
    throttled: Delays,
    transient: Delays,
    next: Option<(Cause, Charge)>,
    last: Option<Result<Res, E>>,
}

impl<Res, E> Retrying<Res, E> {
    pub(crate) fn new<C, R>(policy: &Policy<C, R>) -> Self {
        let delays = |backoff| Delays::new(backoff, policy.state.fork_rng());
        Self {
            throttled: delays(policy.settings.throttled),
            transient: delays(policy.settings.transient),
            next: None,
            last: None,
        }
    }

    /// Finds the wait before the next attempt, and pays for it.
    pub(crate) fn plan<C, R>(
        &mut self,
        cause: Cause,
        hint: Option<Duration>,
        limits: &Limits,
        policy: &Policy<C, R>,
    ) -> Result<Duration, GaveUp> {
        let now = Instant::now();
        let delays = match cause {
            Cause::Throttled => &mut self.throttled,
            Cause::Transient => &mut self.transient,
        };
        let wait = delays
            .wait(hint, limits.left(now))
            .ok_or(GaveUp::Deadline)?;
        if !policy.state.withdraw(now, limits.weight) {
            return Err(GaveUp::Budget);
        }
        let charge = Charge::new(Arc::clone(&policy.state), limits.weight);
        self.next = Some((cause, charge));
        Ok(wait)
    }

    /// Keeps the last result, which is the answer if there is no next.
    pub(crate) fn keep(&mut self, last: Result<Res, E>) {
        self.last = Some(last);
    }

    pub(crate) fn take_last(&mut self) -> Option<Result<Res, E>> {
        self.last.take()
    }

    /// The attempt that was planned begins: what it cost is spent. Tells why it is made.
    pub(crate) fn begin(&mut self) -> Option<Cause> {
        self.last = None;
        let (cause, charge) = self.next.take()?;
        charge.spend();
        Some(cause)
    }
}
