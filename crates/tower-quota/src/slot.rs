use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::book::{Book, Entry};
use crate::demand::Demand;
use crate::error::{Cause, Rejected};
use crate::gauge::nanos;
use crate::grant::Grant;
use crate::limits::Limits;
use crate::priority::Priority;
use crate::queue::{Place, Queue};
use crate::settings::Settings;
use crate::sync::lock;
use crate::telemetry;
use crate::throttle::Throttle;
use crate::timer::{Armed, Timer};
use crate::usage::Usage;

/// One key: its book, those who wait for it, and the timer that lets them go.
///
/// Whoever changes the book lets go those for whom there is room by then, and sets the timer for
/// the next. The state is never locked by one who waits for the timer's lock.
pub(crate) struct Slot {
    key: Arc<str>,
    epoch: Instant,
    settings: Arc<Settings>,
    state: Mutex<State>,
    timer: Mutex<Timer>,
}

struct State {
    book: Book,
    queue: Queue<Waiting>,
    /// What became of those who waited and have not come to know yet.
    answers: HashMap<u64, Answer>,
    /// When to look again, if anybody waits.
    wake_at: Option<u64>,
}

struct Waiting {
    waker: Waker,
    /// The bound that `give_up` comes from.
    bound: Cause,
}

/// Admitted, or rejected for this cause with room at that time.
type Answer = Result<Entry, (Cause, u64)>;

/// One call, without its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) demand: Demand,
    pub(crate) priority: Priority,
    pub(crate) tenant: u64,
    pub(crate) deadline: Option<Instant>,
}

/// What becomes of a call that comes.
pub(crate) enum Entered {
    Admitted(Grant),
    Waits(Place),
    Rejected(Rejected),
}

impl Slot {
    pub(crate) fn new(key: Arc<str>, limits: &Limits, settings: Arc<Settings>) -> Self {
        Self {
            key,
            epoch: Instant::now(),
            state: Mutex::new(State {
                book: Book::new(limits.to_book(), 0),
                queue: Queue::new(nanos(settings.aging)),
                answers: HashMap::new(),
                wake_at: None,
            }),
            timer: Mutex::default(),
            settings,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Admits the call, lets it wait, or rejects it.
    pub(crate) fn enter(self: &Arc<Self>, call: Call, cx: &Context<'_>) -> Entered {
        let now = self.now();
        let demand = call.demand;
        let mut state = lock(&self.state);
        if let Some(limit) = state.book.exceeded(demand) {
            let asked = demand.of(limit.unit());
            let limit = Box::new(limit.clone());
            drop(state);
            return Entered::Rejected(self.rejected(Cause::TooLarge { asked, limit }, None));
        }
        let deadline = call.deadline.map(|deadline| self.time(deadline));
        if state.queue.is_empty() && deadline.is_none_or(|deadline| now <= deadline) {
            if let Ok(entry) = state.book.reserve(now, demand) {
                drop(state);
                return Entered::Admitted(Grant::new(Arc::clone(self), entry, false));
            }
        }
        drop(state);
        self.line_up(now, call, deadline, cx.waker().clone())
    }

    fn line_up(
        self: &Arc<Self>,
        now: u64,
        call: Call,
        deadline: Option<u64>,
        waker: Waker,
    ) -> Entered {
        let longest = self.settings.max_wait.map_or(u64::MAX, nanos);
        let latest = now.saturating_add(longest);
        let (give_up, bound) = match deadline {
            Some(deadline) if deadline < latest => (deadline, Cause::Deadline),
            _ => (latest, Cause::MaxWait),
        };
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let waiting = Waiting {
            waker,
            bound: bound.clone(),
        };
        let who = (call.priority, call.tenant);
        let place = state.queue.push(now, who, call.demand, give_up, waiting);
        let ahead = state.queue.ahead_of(place);
        let at = state.book.fits_at(now, ahead, call.demand);
        let cause = if at > give_up {
            Some(bound)
        } else if state.queue.len() > self.settings.max_queue {
            Some(Cause::QueueFull)
        } else {
            None
        };
        if let Some(cause) = cause {
            let waiter = state.queue.remove(place);
            drop(guard);
            drop(waiter);
            return Entered::Rejected(self.rejected(cause, Some(at.saturating_sub(now))));
        }
        let wakers = state.advance(now);
        drop(guard);
        self.go_on(wakers);
        Entered::Waits(place)
    }

    /// What has become of one who waits.
    pub(crate) fn poll(
        self: &Arc<Self>,
        place: Place,
        cx: &Context<'_>,
    ) -> Poll<Result<Grant, Rejected>> {
        let waker = cx.waker().clone();
        let mut state = lock(&self.state);
        if let Some(answer) = state.answers.remove(&place.number()) {
            drop(state);
            return Poll::Ready(match answer {
                Ok(entry) => Ok(Grant::new(Arc::clone(self), entry, true)),
                Err((cause, at)) => Err(self.rejected(cause, Some(at.saturating_sub(self.now())))),
            });
        }
        let old = state
            .queue
            .get_mut(place)
            .map(|waiter| std::mem::replace(&mut waiter.who.waker, waker));
        drop(state);
        drop(old);
        self.arm();
        Poll::Pending
    }

    /// One who waits goes away.
    pub(crate) fn leave(self: &Arc<Self>, place: Place) {
        let now = self.now();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let waiter = state.queue.remove(place);
        if let Some(Ok(entry)) = state.answers.remove(&place.number()) {
            state.book.settle(now, &entry, Demand::NONE);
        }
        let wakers = state.advance(now);
        drop(guard);
        drop(waiter);
        self.go_on(wakers);
    }

    /// The call came to `actual`. `pressed` says whether it had waited, where it went well.
    pub(crate) fn settle(self: &Arc<Self>, entry: &Entry, actual: Demand, pressed: Option<bool>) {
        let now = self.now();
        let mut state = lock(&self.state);
        state.book.settle(now, entry, actual);
        if let Some(pressed) = pressed {
            state.book.succeeded(now, pressed);
        }
        if state.queue.is_empty() {
            return;
        }
        let wakers = state.advance(now);
        drop(state);
        self.go_on(wakers);
    }

    /// The call was throttled. Says when there is room for one like it.
    pub(crate) fn throttled(self: &Arc<Self>, entry: &Entry, throttle: Throttle) -> Duration {
        let now = self.now();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.book.settle(now, entry, Demand::NONE);
        let cut = state.book.throttled(now, entry);
        let block = match throttle {
            Throttle::Rate { retry_after } => retry_after,
            Throttle::Exhausted { retry_after } => {
                Some(retry_after.unwrap_or(self.settings.exhausted_for))
            }
        };
        if let Some(block) = block {
            state.book.block(now.saturating_add(nanos(block)));
        }
        let mut wakers = Vec::new();
        if cut || block.is_some() {
            state.look_over(now, &mut wakers);
        }
        wakers.append(&mut state.advance(now));
        // Not after all who wait: a call made again will wait for them, once more.
        let at = state.book.fits_at(now, Demand::NONE, entry.demand);
        drop(guard);
        telemetry::throttled(self.settings.name, &self.key, throttle);
        self.go_on(wakers);
        Duration::from_nanos(at.saturating_sub(now))
    }

    pub(crate) fn usage(&self) -> Usage {
        let now = self.now();
        let mut guard = lock(&self.state);
        let queued = guard.queue.len();
        Usage::of(&mut guard.book, queued, now)
    }

    /// Whether nothing is lost by forgetting the key now, if nobody holds it.
    pub(crate) fn is_whole(&self) -> bool {
        let now = self.now();
        lock(&self.state).book.whole_at(now) <= now
    }

    fn rejected(&self, cause: Cause, wait: Option<u64>) -> Rejected {
        let wait = wait.map(Duration::from_nanos);
        let rejected = Rejected::new(cause, wait, Arc::clone(&self.key));
        telemetry::rejected(self.settings.name, &rejected);
        rejected
    }

    fn go_on(self: &Arc<Self>, wakers: Vec<Waker>) {
        // First the timer: a waker may run anything.
        self.arm();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Sets the timer for the next of those who wait.
    fn arm(self: &Arc<Self>) {
        loop {
            let mut timer = lock(&self.timer);
            let Some(at) = lock(&self.state).wake_at else {
                timer.clear();
                return;
            };
            let due = self.epoch + Duration::from_nanos(at);
            let armed = timer.set(due, || Waker::from(Arc::clone(self)));
            drop(timer);
            match armed {
                Armed::Pending => return,
                Armed::Elapsed => {
                    let wakers = lock(&self.state).advance(self.now());
                    wakers.into_iter().for_each(Waker::wake);
                }
                // Whoever is first sets it when it is polled, where there is one.
                Armed::NoRuntime => return self.wake_first(),
            }
        }
    }

    fn wake_first(&self) {
        let state = lock(&self.state);
        let first = state
            .queue
            .front()
            .map(|(_, first)| first.who.waker.clone());
        drop(state);
        if let Some(first) = first {
            first.wake();
        }
    }

    fn now(&self) -> u64 {
        self.time(Instant::now())
    }

    fn time(&self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.epoch))
    }
}

impl Wake for Slot {
    /// The timer's waker.
    fn wake(self: Arc<Self>) {
        let due = lock(&self.timer).fired();
        if due.is_some_and(|due| Instant::now() < due) {
            // Early: its runtime shuts down. Another one may still have waiters.
            return self.wake_first();
        }
        let wakers = lock(&self.state).advance(self.now());
        self.go_on(wakers);
    }
}

impl State {
    /// Lets go those whose turn it is while they fit, and those who can wait no longer; returns
    /// whom to wake.
    fn advance(&mut self, now: u64) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.wake_at = loop {
            let Some((place, first)) = self.queue.front() else {
                break None;
            };
            let at = match self.book.reserve(now, first.demand) {
                Ok(entry) => {
                    self.answer(place, Ok(entry), &mut wakers);
                    continue;
                }
                Err(at) => at,
            };
            if at > first.give_up {
                self.reject(place, at, &mut wakers);
                continue;
            }
            match self.queue.first_expiry() {
                Some((expiry, place)) if expiry <= now => self.reject(place, at, &mut wakers),
                expiry => {
                    let expiry = expiry.map_or(u64::MAX, |(expiry, _)| expiry);
                    break Some(at.min(expiry));
                }
            }
        };
        wakers
    }

    /// Rejects those who will not make it as things are now.
    fn look_over(&mut self, now: u64, wakers: &mut Vec<Waker>) {
        let mut ahead = Demand::NONE;
        let mut late = Vec::new();
        for (place, waiter) in self.queue.in_order() {
            let at = self.book.fits_at(now, ahead, waiter.demand);
            if at > waiter.give_up {
                late.push((place, at));
            } else {
                ahead += waiter.demand;
            }
        }
        for (place, at) in late {
            self.reject(place, at, wakers);
        }
    }

    fn reject(&mut self, place: Place, at: u64, wakers: &mut Vec<Waker>) {
        if let Some(waiter) = self.queue.remove(place) {
            let answer = Err((waiter.who.bound, at));
            self.answers.insert(place.number(), answer);
            wakers.push(waiter.who.waker);
        }
    }

    fn answer(&mut self, place: Place, answer: Answer, wakers: &mut Vec<Waker>) {
        if let Some(waiter) = self.queue.serve(place) {
            self.answers.insert(place.number(), answer);
            wakers.push(waiter.who.waker);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
