use super::adaptive_rate::ONE;
use super::charge::Charge;
use super::meter::Meter;
use super::overrun::Overrun;
use crate::limit::{Amount, Limit, Unit};

/// All limits of one key: pure state that is told the time, in nanoseconds.
///
/// A call is charged to each limit at once, or to none. Each charge is corrected once by
/// [`settle`](Self::settle), to nothing where the call was never charged.
#[derive(Debug)]
pub(crate) struct Account {
    meters: Box<[Meter]>,
    overrun: Overrun,
    /// Nothing is admitted before.
    blocked: u64,
    /// The last time it was told; time does not go back.
    now: u64,
    pub(crate) counts: Counts,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Reserved and not yet settled.
    pub(crate) pending: Amount,
    /// What settled calls had reserved, and what they came to.
    pub(crate) reserved: u64,
    pub(crate) used: u64,
    pub(crate) throttled: u64,
}

/// A charge that is to be corrected once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    pub(crate) charge: Charge,
}

impl Account {
    pub(crate) fn new(limits: Vec<Limit>, now: u64) -> Self {
        Self {
            meters: limits
                .into_iter()
                .map(|limit| Meter::new(limit, now))
                .collect(),
            overrun: Overrun::default(),
            blocked: 0,
            now,
            counts: Counts::default(),
        }
    }

    /// The limit that can never admit so much.
    pub(crate) fn exceeded(&self, amount: Amount) -> Option<&Limit> {
        let meter = self.meters.iter().find(|meter| !meter.holds(amount));
        meter.map(Meter::limit)
    }

    /// Charges `amount` to all limits, or says when it will fit.
    ///
    /// One that does not fit is saved for: from here on the buckets fill up to what it needs, or a
    /// call larger than the burst would never go while others come.
    pub(crate) fn reserve(&mut self, now: u64, amount: Amount) -> Result<Entry, u64> {
        if let Some(entry) = self.reserve_at_once(now, amount) {
            return Ok(entry);
        }
        let charge = self.charge(amount);
        let at = self.fits_at(now, Amount::NONE, amount);
        if at > self.now {
            for meter in &mut self.meters {
                meter.save_for(charge);
            }
            return Err(at);
        }
        Ok(self.enter(charge))
    }

    /// Charges `amount` to all limits if it plainly fits; otherwise nothing is known.
    pub(crate) fn reserve_at_once(&mut self, now: u64, amount: Amount) -> Option<Entry> {
        self.advance(now);
        let charge = self.charge(amount);
        let fits =
            self.now >= self.blocked && self.meters.iter().all(|meter| meter.has_room(charge));
        // The short cut may say no where the long way says yes, and never the other way round.
        debug_assert!(!fits || self.fits_at(now, Amount::NONE, amount) <= self.now);
        fits.then(|| self.enter(charge))
    }

    fn enter(&mut self, charge: Charge) -> Entry {
        for meter in &mut self.meters {
            meter.charge(charge);
        }
        self.counts.pending += charge.amount;
        Entry {
            at: self.now,
            charge,
        }
    }

    /// When `mine` fits, after `ahead` is admitted, as far as is known now.
    pub(crate) fn fits_at(&mut self, now: u64, ahead: Amount, mine: Amount) -> u64 {
        self.advance(now);
        let (ahead, mine) = (self.charge(ahead), self.charge(mine));
        // What the meters will have at the end of a block is not looked at. They have no less then.
        self.meters
            .iter()
            .map(|meter| meter.fits_at(ahead, mine))
            .fold(self.now.max(self.blocked), u64::max)
    }

    fn charge(&self, amount: Amount) -> Charge {
        Charge {
            amount,
            expected: self.overrun.of(amount),
        }
    }

    /// Replaces what the call reserved by what it came to.
    pub(crate) fn settle(&mut self, now: u64, entry: &Entry, actual: Amount) {
        self.advance(now);
        for meter in &mut self.meters {
            meter.correct(entry.at, entry.charge, actual);
        }
        let counts = &mut self.counts;
        counts.pending.calls -= entry.charge.amount.calls;
        counts.pending.tokens = counts
            .pending
            .tokens
            .saturating_sub(entry.charge.amount.tokens);
        if actual.calls > 0 {
            counts.reserved = counts.reserved.saturating_add(entry.charge.amount.tokens);
            counts.used = counts.used.saturating_add(actual.tokens);
        }
    }

    /// Whether it makes no difference for later at what time [`settle`](Self::settle) and
    /// [`succeeded`](Self::succeeded) take place.
    pub(crate) fn can_be_late(&self, entry: &Entry, actual: Amount) -> bool {
        let mut meters = self.meters.iter();
        meters.all(|meter| meter.can_be_late(entry.charge, actual))
    }

    /// The server let the call in, and it came to `actual`. `waited` says that it had waited.
    pub(crate) fn succeeded(&mut self, now: u64, entry: &Entry, actual: Amount, waited: bool) {
        self.advance(now);
        self.overrun.learn(entry.charge.amount, actual);
        for meter in &mut self.meters {
            meter.succeeded(entry.at, waited);
        }
    }

    /// The server had nothing left for the call, in that unit if it said so. Says whether a pace
    /// was cut for it.
    pub(crate) fn throttled(&mut self, now: u64, entry: &Entry, unit: Option<Unit>) -> bool {
        self.advance(now);
        self.counts.throttled += 1;
        let unit = unit.filter(|unit| self.meters.iter().any(|meter| meter.limit().unit == *unit));
        let mut cut = false;
        for meter in &mut self.meters {
            let short = meter.limit().unit;
            if entry.charge.amount.of(short) == 0 || unit.is_some_and(|unit| unit != short) {
                continue;
            }
            if let Some(pause) = meter.throttled(entry.at, entry.charge.amount) {
                cut = true;
                self.blocked = self.blocked.max(self.now.saturating_add(pause));
            }
        }
        cut
    }

    /// Admits nothing before `until`.
    pub(crate) fn block(&mut self, until: u64) {
        self.blocked = self.blocked.max(until);
    }

    pub(crate) fn pace(&self) -> u64 {
        let paces = self.meters.iter().map(|meter| meter.pace().now());
        paces.min().unwrap_or(ONE)
    }

    pub(crate) fn meters(&mut self, now: u64) -> &[Meter] {
        self.advance(now);
        &self.meters
    }

    /// When the account can be forgotten: nothing is lost from there on.
    pub(crate) fn whole_at(&mut self, now: u64) -> u64 {
        self.advance(now);
        self.meters
            .iter()
            .map(Meter::whole_at)
            .fold(self.blocked, u64::max)
    }

    fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        self.now = now;
        for meter in &mut self.meters {
            meter.advance(self.now);
        }
    }
}

#[cfg(test)]
mod tests;
