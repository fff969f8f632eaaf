use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::alarms::Alarms;
#[cfg(feature = "shared")]
use super::driver::Driver;
use super::key_table::Idle;
use super::runtime::{Alarm, Runtime, Set, is_setting, now};
use super::sync::{Mutex, MutexGuard, lock};
use crate::account::{Account, Charge, nanos};
use crate::call::{Ask, Throttle};
use crate::error::{Cause, Rejected};
use crate::limit::{Amount, Limits, Unit};
use crate::schedule::{Answer, Call, End, Entered, Place, Scheduler};
use crate::settings::Settings;

/// One key, shared by its callers: its scheduler under a lock, and the alarms that let them go on.
///
/// Whoever changes the scheduler sets the alarms for the next turn under the same lock, so one is
/// set whenever somebody waits. Wakers are cloned, called and dropped while the lock is free:
/// they are foreign code, and may come back here.
pub(crate) struct KeyState {
    /// The key's text.
    pub(super) key: Arc<str>,
    /// The scheduler's times are nanoseconds since then.
    epoch: Instant,
    pub(super) settings: Arc<Settings>,
    state: Mutex<State>,
    #[cfg(feature = "shared")]
    driver: Option<Driver>,
}

struct State {
    scheduler: Scheduler<Waker>,
    alarms: Alarms,
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
                alarms: Alarms::default(),
            }),
            #[cfg(feature = "shared")]
            driver: None,
        }
    }

    /// What of `ask` is of interest here.
    pub(crate) fn call(&self, ask: &Ask<impl Sized>) -> Call {
        Call {
            amount: Amount::call(ask.tokens),
            priority: ask.priority,
            tenant: ask.tenant,
            deadline: ask.deadline.map(|deadline| time(self.epoch, deadline)),
            latest: ask
                .max_wait
                .and_then(|wait| self.now().checked_add(nanos(wait))),
        }
    }

    /// Admits the call if nobody waits and it may go: the usual case. Else it is to
    /// [`enter`](Self::enter).
    pub(crate) fn enter_at_once(&self, call: &Call) -> Option<Charge> {
        // Before the lock, here and below: a look at the clock takes longer than most of what is
        // done under it. The scheduler takes no harm from a time a little older than another's.
        let now = self.now();
        lock(&self.state).scheduler.enter_at_once(now, call)
    }

    /// Admits or rejects the call, or gives it a place to [`poll`](Self::poll).
    #[cold]
    pub(crate) fn enter(
        self: &Arc<Self>,
        call: Call,
    ) -> ControlFlow<Result<Charge, Rejected>, Place> {
        let now = self.now();
        let mut state = lock(&self.state);
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
    /// If it waits outside of a tokio runtime with time enabled.
    pub(crate) fn poll(
        self: &Arc<Self>,
        place: Place,
        cx: &Context<'_>,
    ) -> Poll<Result<Charge, Rejected>> {
        let answer = lock(&self.state).scheduler.answer(place);
        if let Some(answer) = answer {
            return Poll::Ready(self.told(answer));
        }
        let waker = cx.waker().clone();
        // At each poll, since the call may have moved to another runtime. What may panic here does
        // so before anything is locked.
        let here = Runtime::current();
        let known = lock(&self.state).alarms.has(&here);
        let alarm = (!known).then(|| Alarm::new(here));
        let mut state = lock(&self.state);
        if let Some(answer) = state.scheduler.answer(place) {
            drop(state);
            return Poll::Ready(self.told(answer));
        }
        let old = state.scheduler.wait(place, waker);
        if let Some(alarm) = alarm {
            state.alarms.add(alarm);
        }
        self.go_on(state);
        drop(old);
        #[cfg(feature = "shared")]
        if let Some(driver) = &self.driver {
            driver.run(self);
        }
        Poll::Pending
    }

    fn told(&self, answer: Answer) -> Result<Charge, Rejected> {
        answer.map_err(|(cause, at)| self.rejected(self.now(), cause, at))
    }

    /// One who waits goes away.
    pub(crate) fn leave(self: &Arc<Self>, place: Place) {
        let now = self.now();
        let mut state = lock(&self.state);
        let gone = state.scheduler.leave(now, place);
        self.go_on(state);
        drop(gone);
    }

    /// The call that was admitted before is sent only now.
    pub(crate) fn renew(self: &Arc<Self>, charge: &Charge) -> Charge {
        let now = self.now();
        let mut state = lock(&self.state);
        let charge = state.scheduler.renew(now, charge);
        self.go_on(state);
        charge
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

    /// Whether the limits here explain a throttle of the call, in that unit if the server said so.
    pub(crate) fn explains(&self, charge: &Charge, unit: Option<Unit>) -> bool {
        lock(&self.state).scheduler.account.explains(charge, unit)
    }

    /// The call was throttled. Says how long until one like it may go.
    pub(crate) fn report_throttle(
        self: &Arc<Self>,
        charge: &Charge,
        throttle: Throttle,
    ) -> Duration {
        let now = self.now();
        let mut state = lock(&self.state);
        let at = state.scheduler.end_throttled(now, charge, throttle);
        self.go_on(state);
        self.settings.telemetry.throttled(&self.key, throttle);
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

    /// Admits nobody any more.
    pub(crate) fn close(self: &Arc<Self>) {
        let now = self.now();
        let mut state = lock(&self.state);
        state.scheduler.close(now);
        self.go_on(state);
    }

    /// Shows the scheduler as it is now.
    pub(crate) fn look<T>(&self, see: impl FnOnce(&mut Scheduler<Waker>, u64) -> T) -> T {
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

    /// Sets the alarms for the next turn, and wakes those who were let go.
    fn go_on(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        self.let_go(state);
        #[cfg(feature = "shared")]
        if let Some(driver) = &self.driver {
            driver.wake();
        }
    }

    fn let_go(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.scheduler.has_waiters() || !state.alarms.is_empty() {
            self.set_alarms(&mut state);
            wake(state);
        }
    }

    fn set_alarms(self: &Arc<Self>, state: &mut State) {
        let State { scheduler, alarms } = state;
        while let Some(at) = scheduler.wake_at {
            let at = self.epoch + Duration::from_nanos(at);
            match alarms.set(at, &Waker::from(Arc::clone(self))) {
                Set::Rings => return,
                // Then the turns are now.
                Set::Over => scheduler.advance(self.now()),
                // All runtimes that a call waited in are gone. Whoever waits yet was moved to
                // another one, and comes here to wait in that.
                Set::Gone => return scheduler.wake_first(),
            }
        }
        alarms.clear();
    }

    fn rejected(&self, now: u64, cause: Cause, at: Option<u64>) -> Rejected {
        let wait = at.map(|at| Duration::from_nanos(at.saturating_sub(now)));
        let rejected = Rejected::new(cause, wait, Arc::clone(&self.key));
        self.settings.telemetry.rejected(&rejected);
        rejected
    }

    pub(super) fn now(&self) -> u64 {
        time(self.epoch, now())
    }
}

/// Frees the lock, and wakes those who were let go.
fn wake(mut state: MutexGuard<'_, State>) {
    let woken = state.scheduler.take_woken();
    drop(state);
    woken.into_iter().for_each(Waker::wake);
}

fn time(epoch: Instant, instant: Instant) -> u64 {
    nanos(instant.saturating_duration_since(epoch))
}

impl Wake for KeyState {
    /// An alarm's waker. It lets the turns go on by itself, so that each waiter is woken once, to
    /// go, and not to look whether it may.
    fn wake(self: Arc<Self>) {
        // By whoever holds the lock, and goes on by itself.
        if is_setting() {
            return;
        }
        let now = now();
        let mut state = lock(&self.state);
        state.alarms.rang(now);
        state.scheduler.advance(time(self.epoch, now));
        self.go_on(state);
    }
}

#[cfg(feature = "shared")]
mod shared;

#[cfg(all(test, loom))]
mod tests;
