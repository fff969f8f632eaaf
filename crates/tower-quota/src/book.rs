use crate::demand::Demand;
use crate::gauge::Gauge;
use crate::limit::Limit;
use crate::pace::Pace;

/// All limits of one key: pure state that is told the time, in nanoseconds.
///
/// A call is charged to each limit at once, or to none. Each charge is corrected once by
/// [`settle`](Self::settle), to nothing where the call was never charged.
#[derive(Debug)]
pub(crate) struct Book {
    gauges: Box<[Gauge]>,
    pace: Pace,
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
    pub(crate) demand: Demand,
}

impl Book {
    pub(crate) fn new(limits: Vec<Limit>, now: u64) -> Self {
        let probing = limits.iter().any(|limit| limit.probing);
        Self {
            gauges: limits
                .into_iter()
                .map(|limit| Gauge::new(limit, now))
                .collect(),
            pace: Pace::new(probing, now),
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
        let at = self.fits_at(now, Demand::NONE, demand);
        if at > self.now {
            return Err(at);
        }
        for gauge in &mut self.gauges {
            gauge.charge(demand);
        }
        self.counts.pending += demand;
        Ok(Entry {
            at: self.now,
            demand,
        })
    }

    /// When `mine` fits, after `ahead` is admitted, as far as is known now.
    pub(crate) fn fits_at(&mut self, now: u64, ahead: Demand, mine: Demand) -> u64 {
        self.advance(now);
        let pace = self.pace.now();
        // From the end of the block on the limits count as of now: they only have more by then.
        self.gauges
            .iter()
            .map(|gauge| gauge.fits_at(pace, ahead, mine))
            .fold(self.now.max(self.blocked), u64::max)
    }

    /// Replaces what the call reserved by what it came to.
    pub(crate) fn settle(&mut self, now: u64, entry: &Entry, actual: Demand) {
        self.advance(now);
        for gauge in &mut self.gauges {
            gauge.correct(entry.at, entry.demand, actual);
        }
        let counts = &mut self.counts;
        counts.pending.calls -= entry.demand.calls;
        counts.pending.tokens = counts.pending.tokens.saturating_sub(entry.demand.tokens);
        if actual.calls > 0 {
            counts.reserved = counts.reserved.saturating_add(entry.demand.tokens);
            counts.used = counts.used.saturating_add(actual.tokens);
        }
    }

    /// The server let the call in.
    pub(crate) fn succeeded(&mut self, now: u64, pressed: bool) {
        self.advance(now);
        self.pace.succeeded(self.now, pressed);
    }

    /// The server had nothing left for the call. Says whether the pace was cut for it.
    pub(crate) fn throttled(&mut self, now: u64, entry: &Entry) -> bool {
        self.advance(now);
        self.counts.throttled += 1;
        let proven = self.gauges.iter().map(Gauge::proven).max().unwrap_or(0);
        let Some(pause) = self.pace.throttled(self.now, entry.at, proven) else {
            return false;
        };
        self.gauges.iter_mut().for_each(Gauge::drain);
        self.block(self.now.saturating_add(pause));
        true
    }

    /// Admits nothing before `until`.
    pub(crate) fn block(&mut self, until: u64) {
        self.blocked = self.blocked.max(until);
    }

    pub(crate) fn pace(&self) -> u64 {
        self.pace.now()
    }

    pub(crate) fn gauges(&mut self, now: u64) -> &[Gauge] {
        self.advance(now);
        &self.gauges
    }

    /// When the book can be forgotten: nothing is lost from there on.
    pub(crate) fn whole_at(&mut self, now: u64) -> u64 {
        self.advance(now);
        let pace = self.pace.now();
        self.gauges
            .iter()
            .map(|gauge| gauge.whole_at(pace))
            .fold(self.blocked.max(self.pace.whole_at()), u64::max)
    }

    fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        let pace = self.pace.now();
        for gauge in &mut self.gauges {
            gauge.advance(self.now, pace);
        }
    }
}

#[cfg(test)]
mod tests;
