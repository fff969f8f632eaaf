//! What a process needs of an account that others use too.

use super::super::charge::Charge;
use super::super::meter::Meter;
use super::super::purse::Purse;
use super::Account;
use crate::limit::{Amount, Limit, Unit};

/// What may become of a call while others begin theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It goes, and does so if that much is charged before it.
    Goes(Amount),
    /// It goes if nothing is charged before: it is tried, or few like it are under way at a time.
    GoesFirst,
    /// Not before that time.
    Waits(u64),
}

impl Account {
    /// An account whose calls are sent by several processes: they keep a greater distance to each other, for none of
    /// them is sent at the very moment it is charged.
    pub(crate) fn of_several(limits: Vec<Limit>, now: u64) -> Self {
        let mut account = Self::new(limits, now);
        account.meters.iter_mut().for_each(Meter::keep_distance);
        account
    }

    /// What may become of a call at the head of the queue.
    pub(crate) fn outlook(&mut self, now: u64, amount: Amount) -> Outlook {
        let at = self.may_go_at(now, amount);
        if at > self.now {
            return Outlook::Waits(at);
        }
        let common = self.common();
        let mut spare = Amount {
            calls: u64::MAX,
            tokens: u64::MAX,
        };
        for meter in &self.meters {
            let Some(more) = meter.spare(amount, &common) else {
                return Outlook::GoesFirst;
            };
            match meter.limit().unit() {
                Unit::Calls => spare.calls = spare.calls.min(more),
                Unit::Tokens => spare.tokens = spare.tokens.min(more),
            }
        }
        let owed = self.overrun.each();
        if owed > 0 && spare.tokens < u64::MAX {
            // Each call that begins before is foreseen to come to more than it is charged: of calls like this one
            // there is room for so many.
            let calls = spare.tokens / amount.tokens.saturating_add(owed);
            spare.calls = spare.calls.min(calls);
            spare.tokens -= owed.saturating_mul(spare.calls);
        }
        Outlook::Goes(spare)
    }

    /// A call has begun, whether there is room for it or not.
    pub(crate) fn record(&mut self, now: u64, amount: Amount) -> Charge {
        self.advance(now);
        let common = self.common();
        for meter in &mut self.meters {
            meter.look(amount, &common);
        }
        self.charge(amount)
    }

    /// A call had begun at `then`, and is heard of only now. A window counts it, and it proves nothing. What a bucket
    /// lacks by it [comes apart](Self::lacks_more).
    pub(crate) fn record_late(&mut self, now: u64, then: u64, amount: Amount) -> Charge {
        self.advance(now);
        for meter in &mut self.meters {
            meter.charge_late(then, amount);
        }
        self.count(amount);
        Charge {
            // It is not remembered, as those are not that are long over.
            number: u64::MAX,
            at: then,
            tokens: amount.tokens,
        }
    }

    /// A bucket lacks so much more than is known here.
    pub(crate) fn lacks_more(&mut self, now: u64, amount: Amount) {
        self.advance(now);
        for meter in &mut self.meters {
            meter.lacks_more(amount);
        }
    }

    /// What a bucket lacks.
    pub(crate) fn lacks(&mut self, now: u64) -> Amount {
        self.advance(now);
        let most = |unit| {
            let meters = self
                .meters
                .iter()
                .filter(|meter| meter.limit().unit() == unit);
            meters.map(Meter::lacks).max().unwrap_or(0)
        };
        Amount {
            calls: most(Unit::Calls),
            tokens: most(Unit::Tokens),
        }
    }

    /// So much was used by somebody of whom nothing more is known.
    pub(crate) fn record_used(&mut self, now: u64, amount: Amount) {
        let charge = self.record_late(now, now, amount);
        self.lacks_more(now, amount);
        self.keep(now, &charge);
    }

    /// An account of a part of what this one has, used by `lately`: calls by the times they began, oldest first.
    ///
    /// It goes by what is known of how the server counts, and tries nothing. What a bucket lacks `now`
    /// is shared out too. It admits nothing before `from`.
    pub(crate) fn part(
        &self,
        part: f64,
        (now, from): (u64, u64),
        lately: impl IntoIterator<Item = (u64, Amount)>,
    ) -> Self {
        let mut own = Self::new(Vec::new(), 0);
        own.meters = self.meters.iter().map(|meter| meter.part(part)).collect();
        own.most = super::most(&own.meters);
        own.purse = Purse::empty();
        own.latency = self.latency;
        own.overrun = self.overrun;
        for (at, amount) in lately {
            own.record_used(at, amount);
        }
        own.advance(now);
        for (meter, whole) in own.meters.iter_mut().zip(&self.meters) {
            meter.lack_part(whole, part);
        }
        own.blocked = from;
        own
    }

    /// Takes another part of what `whole` has.
    pub(crate) fn set_part(&mut self, now: u64, whole: &Self, part: f64) {
        self.advance(now);
        for (meter, whole) in self.meters.iter_mut().zip(&whole.meters) {
            meter.set_part(whole, part);
        }
    }

    /// Whether the server is known to let half of that go at once.
    pub(crate) fn holds_half(&self, amount: Amount) -> bool {
        let mut meters = self.meters.iter();
        meters.all(|meter| meter.is_open() || meter.holds_half(amount))
    }

    /// The limits that it was told.
    pub(crate) fn limits(&self) -> Vec<Limit> {
        let limits = self.meters.iter().map(Meter::limit);
        limits.cloned().collect()
    }

    /// How long it takes until there is as much again, if nothing else is used: in nanoseconds.
    pub(crate) fn worth(&self, amount: Amount) -> u64 {
        let meters = self.meters.iter().filter(|meter| !meter.is_open());
        meters
            .map(|meter| meter.time_for(amount))
            .max()
            .unwrap_or(0)
    }
}
