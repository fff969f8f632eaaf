mod newcomer;
mod rejections;
mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, End, Entered};
use super::gate::Gate;
use super::queue::{Place, Queue};
use super::waiter::{GiveUp, Waiter};
use crate::account::{Charge, nanos};
use crate::call::Throttle;
use crate::error::Cause;
use crate::limit::{Amount, Limit};
use crate::settings::Settings;
#[cfg(feature = "shared")]
use crate::shared::Wanted;

/// The account of a key and the calls that wait for it: pure state that is told the time, in
/// nanoseconds.
///
/// Every change admits the waiters that now fit. What has become of a waiter is kept until it
/// asks. `W` is what wakes a waiter; those who are to be woken, each once, are gathered for the
/// caller, who wakes them when its lock is free.
#[derive(Debug)]
pub(crate) struct Scheduler<W> {
    pub(crate) account: Gate,
    pub(crate) queue: Queue<W>,
    /// By the number of the place.
    answers: BTreeMap<u64, Answer>,
    woken: Vec<W>,
    /// When to [`advance`](Self::advance), if anybody waits.
    pub(crate) wake_at: Option<u64>,
    /// How many tokens calls ask for: a moving average, in which each call counts an eighth.
    pub(crate) typical_tokens: u64,
    /// When a call came last.
    pub(crate) last_used: u64,
    /// Whether no call is admitted any more.
    closed: bool,
    settings: Arc<Settings>,
}

impl<W> Scheduler<W> {
    pub(crate) fn new(account: impl Into<Gate>, settings: Arc<Settings>) -> Self {
        Self {
            account: account.into(),
            queue: Queue::new(nanos(settings.aging)),
            answers: BTreeMap::new(),
            woken: Vec::new(),
            wake_at: None,
            typical_tokens: 0,
            last_used: 0,
            closed: false,
            settings,
        }
    }

    /// Admits the call if nobody waits and it may go: the usual case, after which there is no
    /// timer to set and nobody to wake. `None` means only that [`enter`](Self::enter) has to look
    /// closer.
    pub(crate) fn enter_at_once(&mut self, now: u64, call: &Call) -> Option<Charge> {
        if self.closed
            || !self.queue.is_empty()
            || call.deadline.is_some_and(|deadline| deadline < now)
        {
            return None;
        }
        if self.account.refuses(now, call.amount).is_some() {
            return None;
        }
        let charge = self.account.admit(now, call.amount).ok()?;
        self.note(now, call.amount);
        Some(charge)
    }

    fn note(&mut self, now: u64, amount: Amount) {
        self.last_used = now;
        // Rounded away from the old value, or a small difference would never be learned.
        self.typical_tokens = match amount.tokens.checked_sub(self.typical_tokens) {
            Some(more) => self.typical_tokens + more.div_ceil(8),
            None => self.typical_tokens - (self.typical_tokens - amount.tokens).div_ceil(8),
        };
    }

    /// Admits the call, lines it up, or rejects it.
    pub(crate) fn enter(&mut self, now: u64, call: Call) -> Entered {
        // The timer may be late. Those whose time has come go first, and leave their places.
        self.advance(now);
        if let Some((cause, at)) = self.refusal(now, call.amount) {
            return Entered::Rejected(cause, at);
        }
        if self.closed {
            let at = self.account.fits_at(now, Amount::NONE, call.amount);
            return Entered::Rejected(Cause::Closed, Some(at));
        }
        self.note(now, call.amount);
        if self.queue.is_empty() && call.deadline.is_none_or(|deadline| now <= deadline) {
            if let Ok(charge) = self.account.admit(now, call.amount) {
                return Entered::Admitted(charge);
            }
        }
        self.line_up(now, call)
    }

    fn line_up(&mut self, now: u64, call: Call) -> Entered {
        let amount = call.amount;
        let max_wait = self.settings.max_wait;
        let latest = max_wait.and_then(|wait| now.checked_add(nanos(wait)));
        let latest = [latest, call.latest].into_iter().flatten().min();
        let give_up = match (call.deadline, latest) {
            (None, None) => GiveUp::Never,
            (Some(deadline), None) => GiveUp::AtDeadline(deadline),
            (Some(deadline), Some(latest)) if deadline < latest => GiveUp::AtDeadline(deadline),
            (_, Some(latest)) => GiveUp::AfterMaxWait(latest),
        };
        let waiter = Waiter {
            amount,
            came: now,
            give_up,
            sleeper: None,
        };
        // It is lined up before it is judged: only its place says who is ahead of it.
        let place = self.queue.push(call.priority, call.tenant, waiter);
        // Its own bound is the better answer where the queue is full, too: it says that there is
        // no use in another try.
        if let Some(cause) = self.missed(now, place, amount, give_up) {
            let at = self.turn_of(now, place, amount);
            self.queue.remove(place);
            return Entered::Rejected(cause, Some(at));
        }
        if self.queue.len() > self.settings.max_queue {
            if let Some(at) = self.make_room(now, place) {
                return Entered::Rejected(Cause::QueueFull, Some(at));
            }
        }
        self.advance(now);
        Entered::Waits(place)
    }

    /// Lets `sleeper` be woken once it is known what becomes of the one at `place`. Returns who
    /// was to be woken before.
    pub(crate) fn wait(&mut self, place: Place, sleeper: W) -> Option<W> {
        self.queue.get_mut(place)?.sleeper.replace(sleeper)
    }

    /// What has become of the one at `place`, once.
    pub(crate) fn answer(&mut self, place: Place) -> Option<Answer> {
        self.answers.remove(&place.number())
    }

    /// The one at `place` goes away, and is not to be woken.
    pub(crate) fn leave(&mut self, now: u64, place: Place) -> Option<W> {
        let waiter = self.queue.remove(place);
        // Admitted already, but gone before it saw that: nothing was sent, so all is given back.
        if let Some(Ok(charge)) = self.answer(place) {
            self.queue.give_back(place, charge.amount());
            self.account.cancel(now, &charge);
        }
        self.advance(now);
        waiter?.sleeper
    }

    /// The call that was admitted before is sent only now.
    pub(crate) fn renew(&mut self, now: u64, charge: &Charge) -> Charge {
        let charge = self.account.renew(now, charge);
        self.advance(now);
        charge
    }

    /// The server has begun to answer the call.
    pub(crate) fn confirmed(&mut self, now: u64, charge: &Charge) {
        self.account.confirmed(now, charge);
        self.advance(now);
    }

    /// The call has ended.
    pub(crate) fn end(&mut self, now: u64, charge: &Charge, end: End) {
        match end {
            End::Came(actual) => self.account.settle(now, charge, actual),
            End::Kept => self.account.keep(now, charge),
            End::Refunded => self.account.cancel(now, charge),
        }
        self.advance(now);
    }

    /// The call was throttled. Says when one like it may go.
    pub(crate) fn end_throttled(&mut self, now: u64, charge: &Charge, throttle: Throttle) -> u64 {
        let all = self.queue.amount_besides(Amount::NONE);
        let before = self.account.waits_until(now, all, Amount::NONE);
        let exhausted_for = nanos(self.settings.exhausted_for);
        let again = self.account.throttled(now, charge, throttle, exhausted_for);
        if self.account.refuses(now, charge.amount()).is_some() {
            self.reject_refused(now);
        }
        // Whoever is late by that is told now, while there is time to go elsewhere, and not when
        // its time is up.
        if self.account.waits_until(now, all, Amount::NONE) > before {
            self.reject_late(now);
        }
        self.advance(now);
        // Those who wait are not counted: a call that is made again lines up behind them, and
        // would wait for them twice. Nor is it told when it surely fits, or it would come back
        // long after it could have gone.
        self.account.retry_at(now, charge.amount()).max(again)
    }

    /// Takes other limits from now on. Who asks for more than they ever hold is rejected.
    pub(crate) fn set_limits(&mut self, now: u64, limits: Vec<Limit>) {
        self.account.set_limits(now, limits);
        self.reject_refused(now);
        self.reject_late(now);
        self.advance(now);
    }

    /// Admits nobody any more. Those who wait are rejected, and told when they would have gone.
    pub(crate) fn close(&mut self, now: u64) {
        // The timer may be late: whose turn has come goes.
        self.advance(now);
        self.closed = true;
        if self.queue.is_empty() {
            return;
        }
        for (place, at) in self.turns(now) {
            if let Some(waiter) = self.queue.remove(place) {
                self.answer_with(place, waiter, Err((Cause::Closed, Some(at))));
            }
        }
        self.advance(now);
    }

    /// The calls that wait first, for those who share the account: at most so many.
    #[cfg(feature = "shared")]
    pub(crate) fn wanted(&mut self, most: usize) -> Vec<Wanted> {
        let account = &mut self.account;
        let first = self.queue.in_order().take(most);
        let mut wanted: Vec<_> = first
            .map(|(place, waiter)| account.wanted(place.class(), waiter.amount))
            .collect();
        // One that waits so long that it goes before a higher priority has that by now.
        let mut highest = u8::MAX;
        for wanted in wanted.iter_mut().rev() {
            highest = highest.min(wanted.class);
            wanted.class = highest;
        }
        wanted
    }

    /// Others have told something. `refused`: there may be nothing to wait for any more.
    #[cfg(feature = "shared")]
    pub(crate) fn told(&mut self, now: u64, refused: bool) {
        if refused {
            self.reject_refused(now);
            self.reject_late(now);
        }
        self.advance(now);
    }

    /// Lets go those whose turn it is while they fit, and those who can wait no longer.
    pub(crate) fn advance(&mut self, now: u64) {
        if self.queue.is_empty() {
            self.wake_at = None;
        } else {
            self.let_go(now);
        }
    }

    fn let_go(&mut self, now: u64) {
        self.wake_at = loop {
            let Some((place, first)) = self.queue.front() else {
                break None;
            };
            // Only the first is tried. A small call behind a large one that does not fit yet would
            // take the room that the large one waits for, again and again.
            let amount = first.amount;
            let at = match self.account.admit(now, amount) {
                Ok(charge) => {
                    if let Some(waiter) = self.queue.serve(place) {
                        self.answer_with(place, waiter, Ok(charge));
                    }
                    continue;
                }
                Err(at) => at,
            };
            let give_up = first.give_up;
            if give_up.missed(at).is_some() && self.misses_for_sure(now, give_up, amount) {
                // It is asked for again at that time at the latest, which is before it surely fits.
                let at = at.max(self.account.fits_at(now, Amount::NONE, amount));
                self.reject(place, at);
                continue;
            }
            match self.queue.first_expiry() {
                // Whoever has to give up by now comes after the first, so not before `at`.
                Some((expiry, place)) if expiry <= now => self.reject(place, at),
                expiry => break Some(expiry.map_or(at, |(expiry, _)| at.min(expiry))),
            }
        };
    }

    /// Wakes the first before its turn: it comes to [`wait`](Self::wait) once more.
    pub(crate) fn wake_first(&mut self) {
        if let Some((place, _)) = self.queue.front() {
            let first = self.queue.get_mut(place);
            self.woken
                .extend(first.and_then(|first| first.sleeper.take()));
        }
    }

    /// Whether anybody waits for the next turn, or to be woken.
    pub(crate) fn has_waiters(&self) -> bool {
        !self.queue.is_empty() || !self.woken.is_empty()
    }

    /// Whom to wake by now.
    pub(crate) fn take_woken(&mut self) -> Vec<W> {
        std::mem::take(&mut self.woken)
    }

    /// When all this can be forgotten: nothing is lost from there on while nobody uses it.
    pub(crate) fn whole_at(&mut self, now: u64) -> u64 {
        self.account.whole_at(now)
    }

    fn answer_with(&mut self, place: Place, waiter: Waiter<W>, answer: Answer) {
        self.answers.insert(place.number(), answer);
        self.woken.extend(waiter.sleeper);
    }
}

#[cfg(test)]
mod tests;
