use super::adaptive_rate::ONE;
use super::charge::Charge;
use super::meter::Gauge;
use super::overrun::Outcome;
use crate::limit::{Demand, Limit, Unit};

/// All limits of one key: pure state that is told the time, in nanoseconds.
///
/// A call is charged to each limit at once, or to none. Each charge is corrected once by
/// [`settle`](Self::settle), to nothing where the call was never charged.
#[derive(Debug)]
pub(crate) struct Book {
    gauges: Box<[Gauge]>,
    outcome: Outcome,
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
    pub(crate) pending: Demand,
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

impl Book {
    pub(crate) fn new(limits: Vec<Limit>, now: u64) -> Self {
        Self {
            gauges: limits
                .into_iter()
                .map(|limit| Gauge::new(limit, now))
                .collect(),
            outcome: Outcome::default(),
            blocked: 0,
            now,
            counts: Counts::default(),
        }
    }

    /// The limit that can never admit so much.
    pub(crate) fn exceeded(&self, demand: Demand) -> Option<&Limit> {
        let gauge = self.gauges.iter().find(|gauge| !gauge.holds(demand));
        gauge.map(Gauge::limit)
    }

    /// Charges `demand` to all limits, or says when it will fit.
    pub(crate) fn reserve(&mut self, now: u64, demand: Demand) -> Result<Entry, u64> {
        if let Some(entry) = self.reserve_at_once(now, demand) {
            return Ok(entry);
        }
        let charge = self.charge(demand);
        let at = self.fits_at(now, Demand::NONE, demand);
        if at > self.now {
            for gauge in &mut self.gauges {
                gauge.save_for(charge);
            }
            return Err(at);
        }
        Ok(self.enter(charge))
    }

    /// Charges `demand` to all limits if it plainly fits; otherwise nothing is known.
    pub(crate) fn reserve_at_once(&mut self, now: u64, demand: Demand) -> Option<Entry> {
        self.advance(now);
        let charge = self.charge(demand);
        let fits =
            self.now >= self.blocked && self.gauges.iter().all(|gauge| gauge.has_room(charge));
        debug_assert!(!fits || self.fits_at(now, Demand::NONE, demand) <= self.now);
        fits.then(|| self.enter(charge))
    }

    fn enter(&mut self, charge: Charge) -> Entry {
        for gauge in &mut self.gauges {
            gauge.charge(charge);
        }
        self.counts.pending += charge.asked;
        Entry {
            at: self.now,
            charge,
        }
    }

    /// When `mine` fits, after `ahead` is admitted, as far as is known now.
    pub(crate) fn fits_at(&mut self, now: u64, ahead: Demand, mine: Demand) -> u64 {
        self.advance(now);
        let (ahead, mine) = (self.charge(ahead), self.charge(mine));
        // From the end of the block on the limits count as of now: they only have more by then.
        self.gauges
            .iter()
            .map(|gauge| gauge.fits_at(ahead, mine))
            .fold(self.now.max(self.blocked), u64::max)
    }

    fn charge(&self, asked: Demand) -> Charge {
        Charge {
            asked,
            expected: self.outcome.of(asked),
        }
    }

    /// Replaces what the call reserved by what it came to.
    pub(crate) fn settle(&mut self, now: u64, entry: &Entry, actual: Demand) {
        self.advance(now);
        for gauge in &mut self.gauges {
            gauge.correct(entry.at, entry.charge, actual);
        }
        let counts = &mut self.counts;
        counts.pending.calls -= entry.charge.asked.calls;
        counts.pending.tokens = counts
            .pending
            .tokens
            .saturating_sub(entry.charge.asked.tokens);
        if actual.calls > 0 {
            counts.reserved = counts.reserved.saturating_add(entry.charge.asked.tokens);
            counts.used = counts.used.saturating_add(actual.tokens);
        }
    }

    /// Whether it makes no difference for later at what time [`settle`](Self::settle) and
    /// [`succeeded`](Self::succeeded) take place.
    pub(crate) fn can_be_late(&self, entry: &Entry, actual: Demand) -> bool {
        let mut gauges = self.gauges.iter();
        gauges.all(|gauge| gauge.can_be_late(entry.charge, actual))
    }

    /// The server let the call in, and it came to `actual`. `pressed` says that it had waited.
    pub(crate) fn succeeded(&mut self, now: u64, entry: &Entry, actual: Demand, pressed: bool) {
        self.advance(now);
        self.outcome.learn(entry.charge.asked, actual);
        for gauge in &mut self.gauges {
            gauge.succeeded(entry.at, pressed);
        }
    }

    /// The server had nothing left for the call, in that unit if it said so. Says whether a pace
    /// was cut for it.
    pub(crate) fn throttled(&mut self, now: u64, entry: &Entry, unit: Option<Unit>) -> bool {
        self.advance(now);
        self.counts.throttled += 1;
        let unit = unit.filter(|unit| self.gauges.iter().any(|gauge| gauge.limit().unit == *unit));
        let mut cut = false;
        for gauge in &mut self.gauges {
            let short = gauge.limit().unit;
            if entry.charge.asked.of(short) == 0 || unit.is_some_and(|unit| unit != short) {
                continue;
            }
            if let Some(pause) = gauge.throttled(entry.at, entry.charge.asked) {
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
        let paces = self.gauges.iter().map(|gauge| gauge.pace().now());
        paces.min().unwrap_or(ONE)
    }

    pub(crate) fn gauges(&mut self, now: u64) -> &[Gauge] {
        self.advance(now);
        &self.gauges
    }

    /// When the book can be forgotten: nothing is lost from there on.
    pub(crate) fn whole_at(&mut self, now: u64) -> u64 {
        self.advance(now);
        self.gauges
            .iter()
            .map(Gauge::whole_at)
            .fold(self.blocked, u64::max)
    }

    fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        self.now = now;
        for gauge in &mut self.gauges {
            gauge.advance(self.now);
        }
    }
}

#[cfg(test)]
mod tests;
