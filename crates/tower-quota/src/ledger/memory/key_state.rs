use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::key_table::Idle;
use super::sync::{Mutex, MutexGuard, lock};
use super::timer::{self, Id, Timer, now};
use crate::account::{Account, Charge, nanos};
use crate::call::{Ask, Throttle};
use crate::error::{Cause, Rejected};
use crate::limit::{Amount, Limits};
use crate::schedule::{Call, End, Entered, Place, Scheduler};
use crate::settings::Settings;
use crate::telemetry;

/// One key, shared by its callers: its scheduler under a lock, and the timer that lets them go on.
///
/// Whoever changes the scheduler sets the timer for the next turn under the same lock, so a timer
/// is set whenever somebody waits. Wakers are cloned, called and dropped while the lock is free:
/// they are foreign code, and may come back here.
pub(crate) struct KeyState {
    /// The key's text.
    key: Arc<str>,
    /// The scheduler's times are nanoseconds since then.
    epoch: Instant,
    pub(super) settings: Arc<Settings>,
    state: Mutex<State>,
}

struct State {
    scheduler: Scheduler<Sleeper>,
    timer: Timer,
}

/// Whom to wake, and in which runtime it waits.
#[derive(Debug)]
pub(crate) struct Sleeper {
    waker: Waker,
    runtime: Id,
}

impl KeyState {
    pub(crate) fn new(
        key: Arc<str>,
        limits: &Limits,
        settings: Arc<Settings>,
        epoch: Instant,
    ) -> Self {
        let account = Account::new(limits.or_probing(), time(epoch, now()));
        let scheduler = Scheduler::new(account, Arc::clone(&settings));
        Self {
            key,
            epoch,
            settings,
            state: Mutex::new(State {
                scheduler,
                timer: Timer::default(),
            }),
        }
    }

    /// What of `ask` is of interest here.
    pub(crate) fn call(&self, ask: &Ask<impl Sized>) -> Call {
        Call {
            amount: Amount::call(ask.tokens),
            priority: ask.priority,
            tenant: ask.tenant,
            deadline: ask.deadline.map(|deadline| time(self.epoch, deadline)),
        }
    }

    /// Admits or rejects the call, or gives it a place to [`poll`](Self::poll).
    pub(crate) fn enter(
        self: &Arc<Self>,
        call: Call,
    ) -> ControlFlow<Result<Charge, Rejected>, Place> {
        // Before the lock, here and below: a look at the clock takes longer than most of what is
        // done under it. The scheduler takes no harm from a time a little older than another's.
        let now = self.now();
        let mut state = lock(&self.state);
        if let Some(entry) = state.scheduler.enter_at_once(now, &call) {
            return ControlFlow::Break(Ok(entry));
        }
        let entered = state.scheduler.enter(now, call);
        self.go_on(state);
        match entered {
            Entered::Admitted(charge) => ControlFlow::Break(Ok(charge)),
            Entered::Rejected(cause, at) => ControlFlow::Break(Err(self.rejected(now, cause, at))),
            Entered::Waits(place) => ControlFlow::Continue(place),
        }
    }

    /// What has become of one who waits.
    ///
    /// # Panics
    ///
    /// If it waits outside of a tokio runtime.
    pub(crate) fn poll(
        self: &Arc<Self>,
        place: Place,
        cx: &Context<'_>,
    ) -> Poll<Result<Charge, Rejected>> {
        let waker = cx.waker().clone();
        let mut state = lock(&self.state);
        if let Some(answer) = state.scheduler.answer(place) {
            drop(state);
            return Poll::Ready(match answer {
                Ok(charge) => Ok(charge),
                Err((cause, at)) => Err(self.rejected(self.now(), cause, at)),
            });
        }
        // Noted at each poll, since the call may have moved to another task or runtime.
        let runtime = timer::runtime().expect("a call waits within a tokio runtime");
        let old = state.scheduler.wait(place, Sleeper { waker, runtime });
        // If it is the first it may have been woken just to set the timer from where it is.
        self.go_on(state);
        drop(old);
        Poll::Pending
    }

    /// One who waits goes away.
    pub(crate) fn leave(self: &Arc<Self>, place: Place) {
        let now = self.now();
        let mut state = lock(&self.state);
        let gone = state.scheduler.leave(now, place);
        self.go_on(state);
        drop(gone);
    }

    /// The server has begun to answer the call.
    pub(crate) fn confirmed(self: &Arc<Self>, charge: &Charge) {
        let now = self.now();
        let mut state = lock(&self.state);
        state.scheduler.confirmed(now, charge);
        self.go_on(state);
    }

    /// The call has ended.
    pub(crate) fn end(self: &Arc<Self>, charge: &Charge, end: End) {
        let now = self.now();
        let mut state = lock(&self.state);
        state.scheduler.end(now, charge, end);
        self.go_on(state);
    }

    /// The call was throttled. Says when there is room for one like it.
    pub(crate) fn throttled(self: &Arc<Self>, charge: &Charge, throttle: Throttle) -> Duration {
        let now = self.now();
        let mut state = lock(&self.state);
        let at = state.scheduler.throttled(now, charge, throttle);
        self.go_on(state);
        telemetry::throttled(self.settings.name, &self.key, throttle);
        Duration::from_nanos(at.saturating_sub(now))
    }

    /// Takes other limits from now on.
    pub(crate) fn set_limits(self: &Arc<Self>, limits: &Limits) {
        let now = self.now();
        let limits = limits.or_probing();
        let mut state = lock(&self.state);
        state.scheduler.set_limits(now, limits);
        self.go_on(state);
    }

    /// Shows the scheduler as it is now.
    pub(crate) fn look<T>(&self, see: impl FnOnce(&mut Scheduler<Sleeper>, u64) -> T) -> T {
        let now = self.now();
        see(&mut lock(&self.state).scheduler, now)
    }

    /// Whether the key can be forgotten while nobody holds it.
    pub(crate) fn idle(&self, now: u64) -> Idle {
        let mut state = lock(&self.state);
        match state.scheduler.whole_at(now) {
            at if at <= now => Idle::Since(state.scheduler.last_used),
            at => Idle::From(at),
        }
    }

    /// Sets the timer for the next turn, and wakes those who were let go.
    fn go_on(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        self.set_timer(&mut state);
        // Looked at once more: to set the timer for a time that is over lets go whoever waited.
        if state.scheduler.wake_at.is_none() && state.timer.due().is_some() {
            state.timer.clear();
        }
        wake(state);
    }

    /// Sets the timer in the runtime that the first waits in. A timer fires only while its runtime
    /// goes on, and of all runtimes that is the one that the first depends on anyway.
    fn set_timer(self: &Arc<Self>, state: &mut State) {
        let State { scheduler, timer } = state;
        while let Some(at) = scheduler.wake_at {
            let at = self.epoch + Duration::from_nanos(at);
            let there = scheduler.first().map(|first| first.runtime);
            let set = timer.due();
            // A first that nobody can wake yet is about to be polled and comes here again.
            if set.is_some_and(|(due, by)| due == at && there.is_none_or(|there| there == by)) {
                return;
            }
            let here = timer::runtime();
            if let Some(here) = here {
                if !timer.set(at, here, &Waker::from(Arc::clone(self))) {
                    // That time is over already: then the turns are now.
                    scheduler.advance(self.now());
                    continue;
                }
            }
            // This runtime, if the caller is in one, may stop while that of the first goes on. A
            // timer cannot be set from outside its runtime: the first is woken to come and set it.
            if here != there {
                scheduler.wake_first();
            }
            return;
        }
    }

    fn rejected(&self, now: u64, cause: Cause, at: Option<u64>) -> Rejected {
        let wait = at.map(|at| Duration::from_nanos(at.saturating_sub(now)));
        let rejected = Rejected::new(cause, wait, Arc::clone(&self.key));
        telemetry::rejected(self.settings.name, &rejected);
        rejected
    }

    fn now(&self) -> u64 {
        time(self.epoch, now())
    }
}

/// Frees the lock, and wakes those who were let go.
fn wake(mut state: MutexGuard<'_, State>) {
    let woken = state.scheduler.take_woken();
    drop(state);
    for sleeper in woken {
        sleeper.waker.wake();
    }
}

fn time(epoch: Instant, instant: Instant) -> u64 {
    nanos(instant.saturating_duration_since(epoch))
}

impl Wake for KeyState {
    /// The timer's waker. It lets the turns go on by itself, so that each waiter is woken once, to
    /// go, and not to look whether it may.
    fn wake(self: Arc<Self>) {
        let now = now();
        let mut state = lock(&self.state);
        if state.timer.fired().is_some_and(|due| now < due) {
            // Early: the timer's runtime shuts down. The first may be of another one, and sets the
            // timer there.
            state.scheduler.wake_first();
            return wake(state);
        }
        state.scheduler.advance(time(self.epoch, now));
        self.go_on(state);
    }
}

#[cfg(all(test, loom))]
mod tests;
