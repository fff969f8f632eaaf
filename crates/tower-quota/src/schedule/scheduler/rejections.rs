//! Who is turned away: there is nothing to wait for, no time, or no place in the line.

use super::Scheduler;
use crate::account::Refusal;
use crate::error::Cause;
use crate::limit::Amount;
use crate::schedule::queue::Place;
use crate::schedule::waiter::GiveUp;

impl<W> Scheduler<W> {
    /// Why a call of that amount is not lined up, and until when if that ends.
    pub(super) fn refusal(&self, now: u64, amount: Amount) -> Option<(Cause, Option<u64>)> {
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

    /// Turns away the last in turn of the lowest priority. Says when its turn would have been where
    /// that is the one at `newcomer`.
    ///
    /// It is not always the newcomer, or a flood that can wait would turn away whatever comes after
    /// it: higher priorities, and tenants that have nobody waiting. And it is the last in turn and
    /// not the last that came, which may be the only one of its tenant.
    pub(super) fn make_room(&mut self, now: u64, newcomer: Place) -> Option<u64> {
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
    pub(super) fn missed(
        &mut self,
        now: u64,
        place: Place,
        amount: Amount,
        give_up: GiveUp,
    ) -> Option<Cause> {
        // Who is ahead may take a walk of the whole queue to find out. It does not matter without
        // a bound, or where the time is enough to come after everybody.
        give_up.at()?;
        let all = self.queue.amount_besides(amount);
        give_up.missed(self.account.waits_until(now, all, amount))?;
        let ahead = self.queue.ahead_of(place);
        give_up.missed(self.account.waits_until(now, ahead, amount))
    }

    /// Whether the first cannot make it whatever is guessed: on a guess it waits until its time is up.
    pub(super) fn misses_for_sure(&mut self, now: u64, give_up: GiveUp, amount: Amount) -> bool {
        let certain = self.account.waits_until(now, Amount::NONE, amount);
        give_up.missed(certain).is_some()
    }

    /// Rejects those for whom there is nothing to wait for any more.
    pub(super) fn reject_refused(&mut self, now: u64) {
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

    /// Rejects those who will not make it as things are now.
    pub(super) fn reject_late(&mut self, now: u64) {
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
    pub(super) fn reject(&mut self, place: Place, at: u64) {
        if let Some(waiter) = self.queue.remove(place) {
            let cause = waiter.give_up.missed(at);
            let cause = cause.expect("only those are rejected whose time is over before `at`");
            self.answer_with(place, waiter, Err((cause, Some(at))));
        }
    }
}
