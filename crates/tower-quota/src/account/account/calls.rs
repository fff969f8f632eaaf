//! The calls sent last: which of them were admitted?

use super::super::MILLISECOND;
use super::super::call::{Call, State};
use super::super::charge::Charge;
use super::Account;
use crate::limit::Amount;

/// What is taken for the time that a throttle needs, until one came.
const LATENCY: u64 = 150 * MILLISECOND;
/// After so many times that long a call that was not throttled was admitted.
const PATIENCE: u64 = 3;
/// After so many times the patience no throttle is expected any more.
const LATE: u64 = 2;
/// So many calls are remembered at most for what a late throttle takes back.
const REMEMBERED: u64 = 128;

impl Account {
    /// When the next call is confirmed for lack of a throttle.
    pub(super) fn news_at(&self) -> u64 {
        let soon = self.now + MILLISECOND;
        if self.unconfirmed == self.next {
            return soon;
        }
        let call = self.calls.get(self.unconfirmed);
        (call.at + self.patience()).max(soon)
    }

    pub(super) fn patience(&self) -> u64 {
        PATIENCE * self.latency.unwrap_or(LATENCY)
    }

    pub(super) fn charge(&mut self, amount: Amount) -> Charge {
        self.make_room();
        if self.next - self.first >= REMEMBERED * 3 / 4 {
            if let Some(charge) = self.charge_with_last(amount) {
                return charge;
            }
        }
        let number = self.next;
        for meter in &mut self.meters {
            meter.charge(self.first, number, amount);
        }
        self.count(amount);
        let call = Call {
            at: self.now,
            tokens: amount.tokens,
            calls: 1,
            state: State::Open,
        };
        self.calls.push(self.first, number, call);
        self.next += 1;
        Charge {
            number,
            at: self.now,
            tokens: amount.tokens,
        }
    }

    /// Where there are too many to remember each, calls that were sure to go share the place of the
    /// first in the same slice of time: what one of them shows, all of them do.
    pub(super) fn charge_with_last(&mut self, amount: Amount) -> Option<Charge> {
        let number = self.next - 1;
        let last = self.calls.get_mut(number);
        let slice = 2 * LATE * PATIENCE * self.latency.unwrap_or(LATENCY) / REMEMBERED;
        let same = last.state == State::Open && self.now - last.at < slice;
        if !same || !self.meters.iter().all(|meter| meter.shares(number)) {
            return None;
        }
        last.calls = last.calls.saturating_add(1);
        for meter in &mut self.meters {
            meter.charge_sure(amount);
        }
        self.count(amount);
        Some(Charge {
            number,
            at: self.now,
            tokens: amount.tokens,
        })
    }

    /// A call is under way from now on.
    pub(super) fn count(&mut self, amount: Amount) {
        self.used_at = self.now;
        let pending = &mut self.counts.pending;
        pending.calls += 1;
        pending.tokens = pending.tokens.saturating_add(amount.tokens);
    }

    /// Forgets calls that are known to be admitted, or not, for so long that no throttle is late.
    pub(super) fn make_room(&mut self) {
        let late = LATE * self.patience();
        while self.first < self.next {
            let known =
                self.first < self.unconfirmed && self.now - self.calls.get(self.first).at >= late;
            if !known && self.next - self.first < REMEMBERED {
                break;
            }
            if self.first == self.unconfirmed {
                self.confirm(self.first);
                self.unconfirmed += 1;
            }
            self.first += 1;
        }
    }

    /// What is known of a call, if it is remembered.
    pub(super) fn state(&self, number: u64) -> Option<State> {
        (self.first <= number && number < self.next).then(|| self.calls.get(number).state)
    }

    pub(super) fn set_gone(&mut self, number: u64) {
        self.calls.get_mut(number).state = State::Gone;
    }

    /// A call that was not throttled for long enough was admitted.
    pub(super) fn confirm_old(&mut self) {
        let patience = self.patience();
        while self.unconfirmed < self.next {
            let call = self.calls.get(self.unconfirmed);
            if call.state == State::Open {
                if self.now - call.at < patience {
                    break;
                }
                self.confirm(self.unconfirmed);
            }
            self.unconfirmed += 1;
        }
    }

    pub(super) fn confirm(&mut self, number: u64) {
        if self.state(number) != Some(State::Open) {
            return;
        }
        let call = self.calls.get_mut(number);
        call.state = State::Confirmed;
        let call = *call;
        self.confirmed = self.confirmed.saturating_add(call.calls);
        self.lately.add(self.now, call.calls.into());
        if self.round.is_none_or(|round| call.at > round) {
            self.rounds = 0;
        }
        let spare = self.purse.affords_trial();
        // What asks for nothing is worth what such calls come to.
        let amount = Amount::call(match call.tokens {
            0 => self.overrun.of(1),
            tokens => tokens,
        });
        for meter in &mut self.meters {
            meter.confirmed(self.now, number, call.at, amount, spare);
        }
    }
}
