use super::meter::Meter;
use crate::{
    batch::Cost,
    scenario::{self, Scenario},
};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// All quotas of the server: a call is charged to each.
#[derive(Debug)]
pub(super) struct Quotas {
    calls: Option<Meter>,
    tokens: Option<Meter>,
    day: Option<Meter>,
}

/// Where a call's tokens were charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Marks {
    minute: u64,
    day: u64,
}

impl Quotas {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let minute = |limit, least| match scenario.meter {
            scenario::Meter::Bucket => Meter::bucket(limit, scenario.burst, least),
            scenario::Meter::Fixed => Meter::fixed(limit, MINUTE),
            scenario::Meter::Sliding => Meter::sliding(limit, MINUTE),
        };
        let quota = &scenario.quota;
        Self {
            calls: quota.rpm.map(|rpm| minute(rpm, 1)),
            tokens: quota.tpm.map(|tpm| minute(tpm, 0)),
            day: quota.tpd.map(|tpd| Meter::fixed(tpd, DAY)),
        }
    }

    /// The first time at which the call fits, if nothing else happens until then.
    pub(super) fn fits_at(&mut self, now: u64, cost: Cost) -> u64 {
        let calls = self.calls.iter_mut().map(|calls| calls.fits_at(now, 1));
        let tokens = self.tokens.iter_mut().chain(&mut self.day);
        let tokens = tokens.map(|tokens| tokens.fits_at(now, cost.reserved));
        calls.chain(tokens).fold(now, u64::max)
    }

    pub(super) fn charge(&mut self, now: u64, cost: Cost) -> Marks {
        if let Some(calls) = &mut self.calls {
            calls.charge(now, 1);
        }
        let tokens = |meter: &mut Option<Meter>| {
            let meter = meter.as_mut();
            meter.map_or(0, |meter| meter.charge(now, cost.reserved))
        };
        Marks {
            minute: tokens(&mut self.tokens),
            day: tokens(&mut self.day),
        }
    }

    /// Replaces what was charged by what the call came to; it stays one call.
    pub(super) fn settle(&mut self, now: u64, marks: Marks, cost: Cost) {
        for (meter, mark) in [(&mut self.tokens, marks.minute), (&mut self.day, marks.day)] {
            if let Some(meter) = meter {
                meter.correct(now, mark, cost.reserved, cost.charged);
            }
        }
    }
}
