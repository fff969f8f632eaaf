use super::{MILLISECOND, SECOND};

/// For so long after a cut the share stays, where there is no throttle to spare.
const HOLD: u64 = 30 * SECOND;
/// A share rises by the square of the time that goes well: from nothing to all in this time.
const RISE: u64 = 60 * SECOND;
/// The same for a guess that nothing was throttled for yet.
const FAST: u64 = 8 * SECOND;
/// No call stands for more time than that: a slow rate is tried by calls, not by the clock.
const CALL: u64 = 10 * SECOND;
/// For so long after a cut few calls are under way unconfirmed.
const CARE: u64 = 180 * SECOND;
/// The pause after a cut, doubled by each ping that fails.
const PAUSE: u64 = 250 * MILLISECOND;
const LONGEST_PAUSE: u64 = 15 * SECOND;
/// After so many failed pings the server had nothing for anybody: what was measured before says
/// little about what there is after.
const OUTAGE: u32 = 5;
/// The part to begin with after that.
const AFTER_OUTAGE: f64 = 0.8;
/// What a cut takes at least: a throttle says that there is less.
const LEAST_CUT: f64 = 0.95;

/// Which part of the rate is ours: less than all where others use the quota too.
///
/// A throttle that none of our shadows foresaw cuts it to what passed before. Then one call at a
/// time is sent, a ping, until one is confirmed; and from there the share rises slowly at first,
/// near where it was cut, and faster the longer nothing is throttled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    part: f64,
    /// The part just after the last cut.
    base: f64,
    /// How long it went well since.
    risen: u64,
    cut: Option<u64>,
    /// When a call was confirmed last, or the cut.
    heard: u64,
    /// Pings that failed since the last cut; `None` once one is confirmed.
    pinging: Option<u32>,
    /// How long it stays after the cut, and then takes to rise by 1.
    hold: u64,
    rise: u64,
}

impl Share {
    pub(crate) fn new() -> Self {
        Self {
            part: 1.0,
            base: 1.0,
            risen: 0,
            cut: None,
            heard: 0,
            pinging: None,
            hold: HOLD,
            rise: RISE,
        }
    }

    /// Of a guess just made: it rises from there, fast if nothing bounds it yet.
    pub(crate) fn of_guess(now: u64, fast: bool) -> Self {
        Self {
            cut: Some(now),
            heard: now,
            rise: if fast { FAST } else { RISE },
            ..Self::new()
        }
    }

    pub(crate) fn part(&self) -> f64 {
        self.part
    }

    pub(crate) fn is_whole(&self) -> bool {
        (self.part - 1.0).abs() < f64::EPSILON
    }

    /// Whether it tells anything new that a call was admitted that was sent `at` that time.
    pub(crate) fn may_rise(&self, at: u64, most: f64) -> bool {
        self.cut.is_some_and(|cut| at > cut) && (self.is_pinging() || self.part < most)
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub(crate) fn is_pinging(&self) -> bool {
        self.pinging.is_some()
    }

    /// Whether few calls should be under way unconfirmed.
    pub(crate) fn is_careful(&self, now: u64) -> bool {
        self.cut.is_some_and(|cut| now - cut < CARE)
    }

    /// Cuts the part to what was `measured`, and no deeper than to `floor` of what it is. Returns
    /// the pause.
    pub(crate) fn cut(&mut self, now: u64, measured: f64, floor: f64) -> u64 {
        self.part = measured.clamp(self.part * floor, self.part * LEAST_CUT);
        self.base = self.part;
        self.risen = 0;
        self.hold = HOLD;
        self.rise = RISE;
        self.cut = Some(now);
        self.heard = now;
        self.pinging = Some(0);
        PAUSE
    }

    /// The part becomes that of a new guess, of which it is all.
    pub(crate) fn take_over(&mut self) -> f64 {
        let part = self.part;
        self.part = 1.0;
        self.base = 1.0;
        part
    }

    /// A ping was throttled. Returns the pause.
    pub(crate) fn ping_failed(&mut self, now: u64) -> u64 {
        let failed = self.pinging.map_or(1, |failed| failed + 1);
        self.pinging = Some(failed);
        self.cut = Some(now);
        self.heard = now;
        (PAUSE << failed.min(6)).min(LONGEST_PAUSE)
    }

    pub(crate) fn failed_pings(&self) -> u32 {
        self.pinging.unwrap_or(0)
    }

    /// A call sent after the last cut was confirmed. `spare`: there is a throttle to spare.
    pub(crate) fn confirmed(&mut self, now: u64, spare: bool, most: f64) {
        if self.pinging.take().is_some_and(|failed| failed >= OUTAGE) {
            self.base = self.base.max(AFTER_OUTAGE);
            self.part = self.part.max(self.base);
            self.hold = 0;
        }
        let Some(cut) = self.cut else { return };
        if self.part < most && (spare || now - cut > self.hold) {
            self.risen += (now - self.heard).min(CALL);
            let risen = self.risen as f64 / self.rise as f64;
            self.part = self.part.max(self.base + risen * risen).min(most);
        }
        self.heard = now;
    }
}
