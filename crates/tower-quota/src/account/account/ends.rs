//! What became of a call.

use super::super::call::State;
use super::super::{SECOND, charge::Charge, meter::Meter};
use super::Account;
use crate::limit::Amount;

/// No server means more than that by a quota that is used up.
const DAY: u64 = 24 * 3600 * SECOND;

impl Account {
    /// The server has begun to answer the call: it was admitted.
    pub(crate) fn confirmed(&mut self, now: u64, charge: &Charge) {
        self.now = self.now.max(now);
        self.confirm(charge.number);
        self.confirm_old();
    }

    /// The call came to `actual`.
    pub(crate) fn settle(&mut self, now: u64, charge: &Charge, actual: Amount) {
        self.confirmed(now, charge);
        for meter in self
            .meters
            .iter_mut()
            .filter(|meter| meter.has(charge.number))
        {
            meter.settle(self.now, charge.at, charge.amount(), actual);
        }
        self.oversize.note_answer(self.now, charge.tokens);
        self.overrun
            .learn(charge.tokens, actual.tokens, self.now - charge.at);
        self.purse.earn();
        self.close(charge);
        self.counts.reserved = self.counts.reserved.saturating_add(charge.tokens);
        self.counts.used = self.counts.used.saturating_add(actual.tokens);
    }

    /// The call was given up, and nobody will say what became of it. It counts as what it
    /// reserved, and proves nothing: a throttle would not have been heard of.
    pub(crate) fn keep(&mut self, now: u64, charge: &Charge) {
        self.bring_to(now);
        self.close(charge);
        self.counts.reserved = self.counts.reserved.saturating_add(charge.tokens);
        self.counts.used = self.counts.used.saturating_add(charge.tokens);
        if let Some(state) = self.state(charge.number) {
            if state == State::Open {
                self.set_gone(charge.number);
                for meter in &mut self.meters {
                    meter.close(charge.number);
                }
            }
        }
        self.confirm_old();
    }

    /// The call was never charged: it is as if it had never been.
    pub(crate) fn cancel(&mut self, now: u64, charge: &Charge) {
        self.bring_to(now);
        self.close(charge);
        self.undo(charge);
    }

    /// The call is sent only now: it is charged anew, whether there is room or not.
    pub(crate) fn renew(&mut self, now: u64, charge: &Charge) -> Charge {
        let amount = charge.amount();
        self.cancel(now, charge);
        // What it tries, if anything, is what it is beyond by now.
        self.may_go_at(now, amount);
        self.charge(amount)
    }

    pub(super) fn undo(&mut self, charge: &Charge) {
        if let Some(state) = self.state(charge.number) {
            for meter in &mut self.meters {
                match state {
                    State::Open => {
                        meter.close(charge.number);
                    }
                    // Nothing came back in time, for nothing was sent.
                    State::Confirmed if meter.has(charge.number) => {
                        meter.take_back(charge.number, charge.amount());
                    }
                    State::Confirmed => {}
                    State::Gone => {}
                }
            }
            self.set_gone(charge.number);
        }
        for meter in self
            .meters
            .iter_mut()
            .filter(|meter| meter.has(charge.number))
        {
            meter.refund(charge.at, charge.amount().of(meter.limit().unit));
        }
        self.confirm_old();
    }

    /// The server refused the call for something that no limit here tells, as a day that is used
    /// up, for so long: of the rate nothing is concluded. Returns until when.
    pub(crate) fn exhausted(&mut self, now: u64, charge: &Charge, time: u64) -> u64 {
        self.cancel(now, charge);
        self.counts.throttled += 1;
        let longest = self.meters.iter().map(Meter::period).fold(DAY, u64::max);
        let until = self.now.saturating_add(time.min(longest));
        self.exhausted.refused(self.now, charge.amount(), until);
        until
    }

    pub(super) fn close(&mut self, charge: &Charge) {
        let pending = &mut self.counts.pending;
        pending.calls -= 1;
        pending.tokens = pending.tokens.saturating_sub(charge.tokens);
    }
}
