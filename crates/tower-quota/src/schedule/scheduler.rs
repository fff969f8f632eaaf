use std::collections::HashMap;
use std::sync::Arc;

use super::queue::{Place, Queue};
use crate::account::{Account, Entry, nanos};
use crate::call::{Priority, Throttle};
use crate::error::Cause;
use crate::limit::Amount;
use crate::settings::Settings;
use crate::usage::{Headroom, Usage};

/// The account of a key and those who wait for it: pure state that is told the time, in nanoseconds.
///
/// Whatever changes the account lets go those for whom there is room by then. What has become of one
/// who waits is kept until it asks. Whom to wake for that is added to `woken`, each of them once.
#[derive(Debug)]
pub(crate) struct Scheduler<W> {
    account: Account,
    queue: Queue<Waiter<W>>,
    answers: HashMap<u64, Answer>,
    wake_at: Option<u64>,
    /// How many tokens calls ask for, the last ones above all.
    typical: u64,
    /// When a call came last.
    used: u64,
    settings: Arc<Settings>,
}

#[derive(Debug)]
struct Waiter<W> {
    /// `None` for one that comes to [`wait`](Scheduler::wait) without being woken.
    who: Option<W>,
    /// Where its time to give up comes from.
    bound: Cause,
}

/// One call, without its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) amount: Amount,
    pub(crate) priority: Priority,
    pub(crate) tenant: u64,
    pub(crate) deadline: Option<u64>,
}

/// What becomes of a call that comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Admitted(Entry),
    Waits(Place),
    /// There is room at that time, if ever.
    Rejected(Cause, Option<u64>),
}

/// Admitted, or rejected for this cause with room at that time.
pub(crate) type Answer = Result<Entry, (Cause, u64)>;

impl<W> Scheduler<W> {
    pub(crate) fn new(account: Account, settings: Arc<Settings>) -> Self {
        Self {
            account,
            queue: Queue::new(nanos(settings.aging)),
            answers: HashMap::new(),
            wake_at: None,
            typical: 0,
            used: 0,
            settings,
        }
    }

    /// Admits the call if nobody waits and it plainly fits, which is mostly so; otherwise nothing
    /// is known.
    pub(crate) fn enter_at_once(&mut self, now: u64, call: &Call) -> Option<Entry> {
        if !self.queue.is_empty() || call.deadline.is_some_and(|deadline| deadline < now) {
            return None;
        }
        let entry = self.account.reserve_at_once(now, call.amount)?;
        self.came(now, call.amount);
        Some(entry)
    }

    fn came(&mut self, now: u64, amount: Amount) {
        self.used = now;
        self.typical = match amount.tokens.checked_sub(self.typical) {
            Some(more) => self.typical + more.div_ceil(8),
            None => self.typical - (self.typical - amount.tokens).div_ceil(8),
        };
    }

    /// Admits the call, lines it up, or rejects it.
    pub(crate) fn enter(&mut self, now: u64, call: Call, woken: &mut Vec<W>) -> Entered {
        let (amount, deadline) = (call.amount, call.deadline);
        if let Some(limit) = self.account.exceeded(amount) {
            let amount = amount.of(limit.unit());
            let limit = Box::new(limit.clone());
            return Entered::Rejected(Cause::TooLarge { amount, limit }, None);
        }
        self.came(now, amount);
        // Those whose time has come make room in the queue first.
        self.advance(now, woken);
        if self.queue.is_empty() && deadline.is_none_or(|deadline| now <= deadline) {
            if let Ok(entry) = self.account.reserve(now, amount) {
                return Entered::Admitted(entry);
            }
        }
        self.line_up(now, call, woken)
    }

    fn line_up(&mut self, now: u64, call: Call, woken: &mut Vec<W>) -> Entered {
        let (amount, deadline) = (call.amount, call.deadline);
        let latest = self.settings.max_wait.map_or(u64::MAX, nanos);
        let latest = now.saturating_add(latest);
        let (give_up, bound) = match deadline {
            Some(deadline) if deadline < latest => (deadline, Cause::Deadline),
            _ => (latest, Cause::MaxWait),
        };
        let waiter = Waiter {
            who: None,
            bound: bound.clone(),
        };
        let who = (call.priority, call.tenant);
        let place = self.queue.push(now, who, amount, give_up, waiter);
        let cause = match self.queue.len() > self.settings.max_queue {
            _ if self.is_late(now, place, amount, give_up) => bound,
            true => Cause::QueueFull,
            false => {
                self.advance(now, woken);
                return Entered::Waits(place);
            }
        };
        let at = self.goes_at(now, place, amount);
        self.queue.remove(place);
        Entered::Rejected(cause, Some(at))
    }

    /// Whether the one at `place` will not make it.
    fn is_late(&mut self, now: u64, place: Place, amount: Amount, give_up: u64) -> bool {
        // Without a bound, or with time enough for the whole queue, it matters not who is ahead:
        // to find that out can mean to walk all of the queue.
        let all = self.queue.amount_besides(amount);
        give_up < u64::MAX
            && self.account.fits_at(now, all, amount) > give_up
            && self.goes_at(now, place, amount) > give_up
    }

    /// When the turn of the one at `place` comes, as things are now.
    fn goes_at(&mut self, now: u64, place: Place, amount: Amount) -> u64 {
        let ahead = self.queue.ahead_of(place);
        self.account.fits_at(now, ahead, amount)
    }

    /// Lets `who` be woken once it is known what becomes of the one at `place`. Returns who was to
    /// be woken before.
    pub(crate) fn wait(&mut self, place: Place, who: W) -> Option<W> {
        self.queue.get_mut(place)?.who.who.replace(who)
    }

    /// What has become of the one at `place`, once.
    pub(crate) fn answer(&mut self, place: Place) -> Option<Answer> {
        self.answers.remove(&place.number())
    }

    /// The one at `place` goes away, and is not to be woken.
    pub(crate) fn leave(&mut self, now: u64, place: Place, woken: &mut Vec<W>) -> Option<W> {
        let waiter = self.queue.remove(place);
        if let Some(Ok(entry)) = self.answer(place) {
            self.account.settle(now, &entry, Amount::NONE);
        }
        self.advance(now, woken);
        waiter?.who.who
    }

    /// Whether [`settle`](Self::settle) may be told any time: it lets nobody go, and the account is
    /// the same later on.
    pub(crate) fn can_be_late(&self, entry: &Entry, actual: Amount) -> bool {
        self.queue.is_empty() && self.account.can_be_late(entry, actual)
    }

    /// The call came to `actual`. `waited` says whether it had waited, where it went well.
    pub(crate) fn settle(
        &mut self,
        now: u64,
        entry: &Entry,
        actual: Amount,
        waited: Option<bool>,
        woken: &mut Vec<W>,
    ) {
        self.account.settle(now, entry, actual);
        if let Some(waited) = waited {
            self.account.succeeded(now, entry, actual, waited);
        }
        self.advance(now, woken);
    }

    /// The call was throttled. Says when there is room for one like it.
    pub(crate) fn throttled(
        &mut self,
        now: u64,
        entry: &Entry,
        throttle: Throttle,
        woken: &mut Vec<W>,
    ) -> u64 {
        self.account.settle(now, entry, Amount::NONE);
        let (unit, block) = match throttle {
            Throttle::Rate { retry_after, unit } => (unit, retry_after),
            Throttle::Exhausted { retry_after } => {
                let block = retry_after.unwrap_or(self.settings.exhausted_for);
                (None, Some(block))
            }
        };
        let cut = self.account.throttled(now, entry, unit);
        if let Some(block) = block {
            self.account.block(now.saturating_add(nanos(block)));
        }
        if cut || block.is_some() {
            self.look_over(now, woken);
        }
        self.advance(now, woken);
        // Not after all who wait: a call made again will wait for them, once more.
        self.account.fits_at(now, Amount::NONE, entry.charge.amount)
    }

    /// Lets go those whose turn it is while they fit, and those who can wait no longer.
    pub(crate) fn advance(&mut self, now: u64, woken: &mut Vec<W>) {
        if self.queue.is_empty() {
            self.wake_at = None;
        } else {
            self.let_go(now, woken);
        }
    }

    fn let_go(&mut self, now: u64, woken: &mut Vec<W>) {
        self.wake_at = loop {
            let Some((place, first)) = self.queue.front() else {
                break None;
            };
            let at = match self.account.reserve(now, first.amount) {
                Ok(entry) => {
                    let waiter = self.queue.serve(place);
                    self.end(place, waiter, woken, |_| Ok(entry));
                    continue;
                }
                Err(at) => at,
            };
            if at > first.give_up {
                self.reject(place, at, woken);
                continue;
            }
            match self.queue.first_expiry() {
                Some((expiry, place)) if expiry <= now => self.reject(place, at, woken),
                expiry => break Some(expiry.map_or(at, |(expiry, _)| at.min(expiry))),
            }
        };
    }

    /// When to [`advance`](Self::advance), if anybody waits.
    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.wake_at
    }

    /// Who is to be woken when the turn of the first comes.
    pub(crate) fn first(&self) -> Option<&W> {
        self.queue.front()?.1.who.who.as_ref()
    }

    /// The same, to be woken now: it comes to [`wait`](Self::wait) once more.
    pub(crate) fn take_first(&mut self) -> Option<W> {
        let (place, _) = self.queue.front()?;
        self.queue.get_mut(place)?.who.who.take()
    }

    pub(crate) fn usage(&mut self, now: u64) -> Usage {
        Usage::of(&mut self.account, self.queue.len(), now)
    }

    pub(crate) fn headroom(&mut self, now: u64) -> Headroom {
        let queued = self.queue.amount_besides(Amount::NONE);
        Headroom::of(&mut self.account, queued, Amount::call(self.typical), now)
    }

    /// When a call came last, if nothing is lost by forgetting all this while nobody uses it.
    pub(crate) fn whole_since(&mut self, now: u64) -> Option<u64> {
        (self.account.whole_at(now) <= now).then_some(self.used)
    }

    /// Rejects those who will not make it as things are now.
    fn look_over(&mut self, now: u64, woken: &mut Vec<W>) {
        let mut bounded = self.queue.bounded();
        let mut ahead = Amount::NONE;
        let mut late = Vec::new();
        for (place, waiter) in self.queue.in_order() {
            if bounded == 0 {
                break;
            }
            bounded -= usize::from(waiter.give_up < u64::MAX);
            let at = self.account.fits_at(now, ahead, waiter.amount);
            if at > waiter.give_up {
                late.push((place, at));
            } else {
                ahead += waiter.amount;
            }
        }
        for (place, at) in late {
            self.reject(place, at, woken);
        }
    }

    fn reject(&mut self, place: Place, at: u64, woken: &mut Vec<W>) {
        let waiter = self.queue.remove(place);
        self.end(place, waiter, woken, |bound| Err((bound, at)));
    }

    fn end(
        &mut self,
        place: Place,
        waiter: Option<crate::schedule::queue::Waiter<Waiter<W>>>,
        woken: &mut Vec<W>,
        answer: impl FnOnce(Cause) -> Answer,
    ) {
        if let Some(waiter) = waiter {
            let Waiter { who, bound } = waiter.who;
            self.answers.insert(place.number(), answer(bound));
            woken.extend(who);
        }
    }
}

#[cfg(test)]
mod tests;
