/// The pace at which a limit holds as it was given.
pub(crate) const ONE: u64 = 1 << 20;

/// As good as no limit, until the first throttle says more.
pub(crate) const OPEN: u64 = ONE << 20;

const FLOOR: u64 = ONE >> 10;
const SECOND: u64 = 1_000_000_000;

/// What a server's bucket is taken to have held when the first throttle comes.
const HELD: u64 = 10 * SECOND;

/// How much of the given rate is used: falls at throttles, rises with successes.
///
/// A throttle counts once for all the calls that were under way. It takes 15 % off if calls
/// admitted since the last cut went well, so that this pace was tried; if not, the server may be
/// out of quota until its minute ends, and the pace keeps to what was measured while it pauses,
/// each time twice as long. From there on it rises by the square of the time that goes well:
/// slowly where it was throttled, and the faster the longer nothing is.
///
/// Where the limit is a guess it doubles every second up to the first throttle. That shows what
/// there was, and the measured rate takes the place of the guess; where nothing had passed yet it
/// stays, and goes on as before with the first success.
#[derive(Debug)]
pub(crate) struct AdaptiveRate {
    now: u64,
    probing: bool,
    cut: Option<Cut>,
    raised: u64,
    /// Throttles since a call went well, those under way at a cut left out.
    in_row: u32,
}

#[derive(Debug)]
struct Cut {
    at: u64,
    /// The pace just after it.
    base: u64,
    /// How long it went well since.
    well: u64,
    /// Calls admitted since went well.
    tried: bool,
    /// Nothing had passed, so a guess is still no more than that.
    blind: bool,
    rise: Rise,
}

/// After what time without a throttle a pace has doubled.
#[derive(Clone, Copy, Debug)]
struct Rise {
    time: u64,
    /// No call counts for more: a slow pace is tried by calls, not by the clock.
    call: u64,
}

const RISE: Rise = Rise {
    time: 144 * SECOND,
    call: 4 * SECOND,
};
/// While a guess has been throttled once: it may be far too low by now.
const FAST: Rise = Rise {
    time: 64 * SECOND,
    call: 10 * SECOND,
};

/// What went through in the period that ends with a throttle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    /// As a pace.
    pub(crate) pace: u64,
    /// What the throttled call would have added.
    pub(crate) short: u64,
    /// In how much of the period.
    pub(crate) time: u64,
    pub(crate) period: u64,
}

impl AdaptiveRate {
    pub(crate) fn new(start: u64, probing: bool, now: u64) -> Self {
        Self {
            now: start,
            probing,
            cut: None,
            raised: now,
            in_row: 0,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Whether a call that goes well changes nothing.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.probing && self.cut.is_none()
    }

    /// Whether a throttle has shown a guess to be too high.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Whether nothing went well since the last cut.
    pub(crate) fn is_untried(&self) -> bool {
        self.cut.as_ref().is_some_and(|cut| !cut.tried)
    }

    /// When it can be forgotten: at once if it is as good as new, or an hour after it was last
    /// heard of.
    pub(crate) fn whole_at(&self) -> u64 {
        if self.cut.is_none() && (self.now == ONE || self.now == OPEN) {
            0
        } else {
            self.raised.saturating_add(3600 * SECOND)
        }
    }

    /// A call admitted `at` that time went well. `waited` says that it had to wait for its turn:
    /// a pace that nobody uses proves nothing about a higher one.
    pub(crate) fn succeeded(&mut self, now: u64, at: u64, waited: bool) {
        let time = now.saturating_sub(self.raised);
        let raises = waited || !self.probing;
        if self
            .cut
            .as_ref()
            .is_some_and(|cut| cut.blind && cut.at < at)
        {
            self.cut = None;
            self.in_row = 0;
        }
        let Some(cut) = &mut self.cut else {
            self.raised = self.raised.max(now);
            if self.probing && raises {
                // Doubles in a second, as 1.44 is 1 ÷ ln 2, and takes four calls for it at least.
                let raise = share(self.now, time, SECOND / 100 * 144).min(self.now / 4);
                self.now = self.now.saturating_add(raise).min(OPEN);
            }
            return;
        };
        if at <= cut.at {
            return;
        }
        self.raised = self.raised.max(now);
        self.in_row = 0;
        cut.tried = true;
        if raises {
            cut.well = cut.well.saturating_add(time.min(cut.rise.call));
        }
        let (measure, most) = if self.probing {
            (cut.base, OPEN)
        } else {
            (ONE, ONE)
        };
        let time = cut.rise.time;
        let raise = share(share(measure, cut.well, time), cut.well, time);
        self.now = cut.base.saturating_add(raise).min(most).max(self.now);
        if !self.probing && self.now == ONE {
            self.cut = None;
        }
    }

    /// A call admitted `at` that time was throttled. Says how long to pause where it counts.
    pub(crate) fn throttled(&mut self, now: u64, at: u64, passed: Passed) -> Option<u64> {
        if self.cut.as_ref().is_some_and(|cut| at <= cut.at) {
            return None;
        }
        let tried = !self.is_untried();
        self.in_row = if tried {
            1
        } else {
            self.in_row.saturating_add(1)
        };
        let mut rise = RISE;
        let first = self.cut.as_ref().is_none_or(|cut| cut.blind);
        let blind = self.probing && first && passed.pace == 0;
        let pace = match (self.probing, &self.cut) {
            // That the server has nothing now says nothing of what it brings: it pauses for that.
            _ if blind => self.now,
            (true, _) if first => {
                // A bucket gave what it held and what came in; a safe part of what came in.
                let time = u128::from(HELD) + u128::from(passed.time);
                let whole = u128::from(passed.pace) * u128::from(passed.period) / time;
                let whole = u64::try_from(whole).unwrap_or(u64::MAX);
                rise = FAST;
                (whole / 10 * 7).min(self.now / 10 * 7)
            }
            (true, Some(_)) if tried => {
                // The limit lies between what passed and what did not.
                let limit = passed.pace.saturating_add(passed.short / 2);
                limit.clamp(self.now / 5 * 4, self.now) / 20 * 17
            }
            (true, Some(_)) => {
                if passed.pace == 0 {
                    self.now
                } else {
                    (passed.pace / 100 * 97).clamp(self.now / 4, self.now)
                }
            }
            (false, _) if tried => self.now / 20 * 17,
            _ => self.now,
        };
        self.now = pace.max(FLOOR.min(self.now));
        self.cut = Some(Cut {
            at: now,
            base: self.now,
            well: 0,
            tried: false,
            blind,
            rise,
        });
        self.raised = self.raised.max(now);
        // In a row two seconds, up to eight; where nothing has passed for a period, up to 64.
        let most = if passed.pace == 0 { 6 } else { 3 };
        Some(match self.in_row {
            0 | 1 => SECOND / 4,
            more => SECOND << (more - 1).min(most),
        })
    }
}

/// `pace × time ÷ whole`.
fn share(pace: u64, time: u64, whole: u64) -> u64 {
    let share = u128::from(pace) * u128::from(time) / u128::from(whole);
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
