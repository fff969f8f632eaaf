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
#[derive(Clone, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Share {
    part: f64,
    /// Boxed because most limits never see one.
    cut: Option<Box<Cut>>,
}

/// The last cut, and what became of the part since.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
struct Cut {
    at: u64,
    /// The part just after it.
    base: f64,
    /// How long it went well since.
    risen: u64,
    /// When a call was confirmed last, or the cut.
    heard: u64,
    /// Pings that failed since; `None` once one is confirmed.
    pinging: Option<u32>,
    /// How long the part stays after the cut, and then takes to rise by 1.
    hold: u64,
    rise: u64,
}

impl Share {
    pub(crate) fn new() -> Self {
        Self {
            part: 1.0,
            cut: None,
        }
    }

    /// Of a guess just made: it rises from there, fast if nothing bounds it yet.
    pub(crate) fn of_guess(now: u64, fast: bool) -> Self {
        let rise = if fast { FAST } else { RISE };
        Self {
            part: 1.0,
            cut: Some(Box::new(Cut::new(now, 1.0, None, rise))),
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
        self.cut.as_ref().is_some_and(|cut| at > cut.at) && (self.is_pinging() || self.part < most)
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub(crate) fn is_pinging(&self) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.pinging.is_some())
    }

    /// Whether few calls should be under way unconfirmed.
    pub(crate) fn is_careful(&self, now: u64) -> bool {
        self.cut.as_ref().is_some_and(|cut| now - cut.at < CARE)
    }

    /// Cuts the part to what was `measured`, and no deeper than to `floor` of what it is. Returns
    /// the pause.
    pub(crate) fn cut(&mut self, now: u64, measured: f64, floor: f64) -> u64 {
        self.part = measured.clamp(self.part * floor, self.part * LEAST_CUT);
        self.cut = Some(Box::new(Cut::new(now, self.part, Some(0), RISE)));
        PAUSE
    }

    /// The part becomes that of a new guess, of which it is all.
    pub(crate) fn take_over(&mut self) -> f64 {
        let part = self.part;
        self.part = 1.0;
        if let Some(cut) = &mut self.cut {
            cut.base = 1.0;
        }
        part
    }

    /// A ping was throttled. Returns the pause.
    pub(crate) fn ping_failed(&mut self, now: u64) -> u64 {
        let failed = self.failed_pings() + 1;
        if let Some(cut) = &mut self.cut {
            cut.pinging = Some(failed);
            cut.at = now;
            cut.heard = now;
        }
        (PAUSE << failed.min(6)).min(LONGEST_PAUSE)
    }

    pub(crate) fn failed_pings(&self) -> u32 {
        let pinging = self.cut.as_ref().and_then(|cut| cut.pinging);
        pinging.unwrap_or(0)
    }

    /// A call sent after the last cut was confirmed. `spare`: there is a throttle to spare.
    pub(crate) fn confirmed(&mut self, now: u64, spare: bool, most: f64) {
        let Some(cut) = &mut self.cut else { return };
        if cut.pinging.take().is_some_and(|failed| failed >= OUTAGE) {
            cut.base = cut.base.max(AFTER_OUTAGE);
            self.part = self.part.max(cut.base);
            cut.hold = 0;
        }
        if self.part < most && (spare || now - cut.at > cut.hold) {
            cut.risen += (now - cut.heard).min(CALL);
            let risen = cut.risen as f64 / cut.rise as f64;
            self.part = self.part.max(cut.base + risen * risen).min(most);
        }
        cut.heard = now;
    }
}

impl Cut {
    fn new(at: u64, base: f64, pinging: Option<u32>, rise: u64) -> Self {
        Self {
            at,
            base,
            risen: 0,
            heard: at,
            pinging,
            hold: HOLD,
            rise,
        }
    }
}
