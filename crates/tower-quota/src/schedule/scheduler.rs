use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Answer, Call, End, Entered};
use super::queue::{Place, Queue};
use super::waiter::{GiveUp, Waiter};
use crate::account::{Account, Charge, Refusal, nanos};
use crate::call::Throttle;
use crate::error::Cause;
use crate::limit::{Amount, Limit};
use crate::settings::Settings;

/// So many that wait are walked at most to tell one when its turn comes, which takes some
/// microseconds. Of more a sum is made.
const WALKED: usize = 128;

/// The account of a key and the calls that wait for it: pure state that is told the time, in
/// nanoseconds.
///
/// Every change admits the waiters that now fit. What has become of a waiter is kept until it
/// asks. `W` is what wakes a waiter; those who are to be woken, each once, are gathered for the
/// caller, who wakes them when its lock is free.
#[derive(Debug)]
pub(crate) struct Scheduler<W> {
    pub(crate) account: Account,
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
    pub(crate) fn new(account: Account, settings: Arc<Settings>) -> Self {
        Self {
            account,
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

    /// Why a call of that amount is not lined up, and until when if that ends.
    fn refusal(&self, now: u64, amount: Amount) -> Option<(Cause, Option<u64>)> {
        Some(match self.account.refuses(now, amount)? {
            Refusal::ExceedsLimit(limit) => {
                let cause = Cause::TooLarge {
                    amount: amount.of(limit.unit()),
                    limit: Box::new(limit.clone()),
                };
                (cause, None)
            }
            Refusal::Exhausted(until) => (Cause::Exhausted, Some(until)),
            Refusal::SeemsTooLarge { answered } => {
                let tokens = amount.tokens;
                (Cause::SeemsTooLarge { tokens, answered }, None)
            }
        })
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

    /// Turns away the last in turn of the lowest priority. Says when its turn would have been where
    /// that is the one at `newcomer`.
    ///
    /// It is not always the newcomer, or a flood that can wait would turn away whatever comes after
    /// it: higher priorities, and tenants that have nobody waiting. And it is the last in turn and
    /// not the last that came, which may be the only one of its tenant.
    fn make_room(&mut self, now: u64, newcomer: Place) -> Option<u64> {
        let (last, waiter) = self.queue.last()?;
        let amount = waiter.amount;
        let at = self.turn_of(now, last, amount);
        let waiter = self.queue.remove(last)?;
        if last == newcomer {
            return Some(at);
        }
        self.answer_with(last, waiter, Err((Cause::QueueFull, Some(at))));
        None
    }

    /// Why the one at `place` will not make it, if so.
    fn missed(&mut self, now: u64, place: Place, amount: Amount, give_up: GiveUp) -> Option<Cause> {
        // Who is ahead may take a walk of the whole queue to find out. It does not matter without
        // a bound, or where the time is enough to come after everybody.
        give_up.at()?;
        let all = self.queue.amount_besides(amount);
        give_up.missed(self.account.waits_until(now, all, amount))?;
        let ahead = self.queue.ahead_of(place);
        give_up.missed(self.account.waits_until(now, ahead, amount))
    }

    /// When the turn of the one at `place` comes, as things are now: exactly where few wait.
    fn turn_of(&mut self, now: u64, place: Place, amount: Amount) -> u64 {
        if self.queue.len() <= WALKED {
            let mut forecast = self.account.forecast(now);
            for (other, waiter) in self.queue.in_order() {
                let at = forecast.next(waiter.amount);
                // Where it is for the server to say there is no other answer than the usual one.
                if at == u64::MAX {
                    break;
                }
                if other == place {
                    return at;
                }
            }
        }
        let ahead = self.queue.ahead_of(place);
        self.account.fits_at(now, ahead, amount)
    }

    /// When the turns of all come, as things are now.
    fn turns(&mut self, now: u64) -> Vec<(Place, u64)> {
        let mut forecast = (self.queue.len() <= WALKED).then(|| self.account.forecast(now));
        let mut ahead = Amount::NONE;
        let turns = self.queue.in_order().map(|(place, waiter)| {
            let amount = waiter.amount;
            let known = forecast.as_mut().map(|forecast| forecast.next(amount));
            let at = known.filter(|at| *at != u64::MAX).unwrap_or_else(|| {
                // Nor is there another answer for those behind it, as in `turn_of`.
                forecast = None;
                self.account.fits_at(now, ahead, amount)
            });
            ahead += amount;
            (place, at)
        });
        turns.collect()
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
        // Before when there is nothing for calls of that size, though there may be for others.
        let again = match throttle {
            Throttle::Rate { retry_after, unit } => {
                let again = self.account.blame_limit(now, charge, unit);
                if let Some(hint) = retry_after {
                    self.account.hold(now, nanos(hint));
                }
                again
            }
            Throttle::Exhausted { retry_after } => {
                let time = retry_after.unwrap_or(self.settings.exhausted_for);
                self.account.exhausted(now, charge, nanos(time))
            }
        };
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

    /// Rejects those for whom there is nothing to wait for any more.
    fn reject_refused(&mut self, now: u64) {
        if self.queue.is_empty() {
            return;
        }
        let waiters = self.queue.in_order();
        let refused = waiters.filter_map(|(place, waiter)| {
            let (cause, at) = self.refusal(now, waiter.amount)?;
            Some((place, cause, at))
        });
        for (place, cause, at) in refused.collect::<Vec<_>>() {
            if let Some(waiter) = self.queue.remove(place) {
                self.answer_with(place, waiter, Err((cause, at)));
            }
        }
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

    /// Whether the first cannot make it whatever is guessed: on a guess it waits until its time is up.
    fn misses_for_sure(&mut self, now: u64, give_up: GiveUp, amount: Amount) -> bool {
        let certain = self.account.waits_until(now, Amount::NONE, amount);
        give_up.missed(certain).is_some()
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

    /// Rejects those who will not make it as things are now.
    fn reject_late(&mut self, now: u64) {
        let mut bounded = self.queue.bounded();
        let mut ahead = Amount::NONE;
        let mut late = Vec::new();
        for (place, waiter) in self.queue.in_order() {
            if bounded == 0 {
                break;
            }
            bounded -= usize::from(waiter.give_up != GiveUp::Never);
            let certain = self.account.waits_until(now, ahead, waiter.amount);
            if waiter.give_up.missed(certain).is_some() {
                late.push((place, self.account.fits_at(now, ahead, waiter.amount)));
            } else {
                // One that goes away takes no room from those behind it.
                ahead += waiter.amount;
            }
        }
        for (place, at) in late {
            self.reject(place, at);
        }
    }

    /// Rejects the one at `place`, which there is room for only `at` that time.
    fn reject(&mut self, place: Place, at: u64) {
        if let Some(waiter) = self.queue.remove(place) {
            let cause = waiter.give_up.missed(at);
            let cause = cause.expect("only those are rejected whose time is over before `at`");
            self.answer_with(place, waiter, Err((cause, Some(at))));
        }
    }

    fn answer_with(&mut self, place: Place, waiter: Waiter<W>, answer: Answer) {
        self.answers.insert(place.number(), answer);
        self.woken.extend(waiter.sleeper);
    }
}

#[cfg(test)]
mod tests;
