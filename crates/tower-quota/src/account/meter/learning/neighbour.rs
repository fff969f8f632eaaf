//! How much of the quota somebody else uses.

use crate::account::SECOND;
use crate::account::evidence::Throttle;
use crate::account::knowledge::Knowledge;
use crate::account::meter::{Kind, Meter};

/// A cut so soon after another was too little: it takes a fifth at least.
const SOON: u64 = 20 * SECOND;
const CUT_AGAIN: f64 = 0.8;
/// No cut goes deeper than to this part of the share: what is measured may be wrong, and the next
/// throttle cuts again. A guess was rising; and a call that needs all of a bucket is throttled by
/// the least that others use.
const FLOOR: f64 = 0.5;
const FLOOR_OF_GUESS: f64 = 0.6;
const FLOOR_OF_LARGE: f64 = 0.9;
/// A cut where callers asked for less than there was, so that nothing was measured.
const UNMEASURED: f64 = 0.85;
/// Less time measures no rate.
const SHORTEST: u64 = 5 * SECOND;
/// After so many failed pings a bucket would have refilled: then it is a window.
const REFILLED: u32 = 5;

impl Meter {
    /// A call that went for a window had begun anew was throttled.
    pub(super) fn throttled_by_phase(&mut self, at: u64, old: bool) {
        if old || self.at < self.phase_used_up {
            return;
        }
        self.news = Some(self.at);
        let begun = self.phase.begun(at, 0);
        let used = begun.map_or(0, |begun| self.window.since(begun));
        if used < self.room / 2 {
            self.phase.disproved(self.at);
        } else {
            // Somebody else has used the rest.
            self.phase_used_up = self.phase.next(self.at, self.jitter).unwrap_or(0);
        }
    }

    /// Somebody else uses the quota; the window held so much of ours. Returns a pause.
    pub(super) fn yield_to_neighbour(&mut self, held: u64, evidence: &Throttle) -> u64 {
        let pause = if self.share.is_pinging() {
            let pause = self.share.ping_failed(self.at);
            let refilled = self.share.failed_pings() >= REFILLED;
            if refilled && self.kind == Kind::Unsure && held > 0 && !self.is_small() {
                self.kind = Kind::Window;
            }
            pause
        } else {
            let part = self.share.part();
            let passed = self.passed(held);
            let soon = self.at - self.measured < SOON;
            let floor = match self.knowledge {
                _ if evidence.needs_all => FLOOR_OF_LARGE,
                Knowledge::Told => FLOOR,
                _ => FLOOR_OF_GUESS,
            };
            let passed = match soon && !evidence.needs_all {
                true => passed.min(CUT_AGAIN * part),
                false => passed,
            };
            self.share.cut(self.at, passed, floor)
        };
        if self.knowledge.is_guess() {
            let part = self.share.take_over();
            self.amount = ((self.amount as f64 * part) as u64).max(1);
            self.knowledge = Knowledge::Guess;
        }
        self.set_rate();
        self.deficit.raise_to(self.burst.proven);
        self.measured = self.at;
        self.charged = 0;
        pause
    }

    /// Which part of the rate went through since that was measured last.
    fn passed(&self, held: u64) -> f64 {
        let amount = self.amount.max(1) as f64;
        let time = self.at - self.measured;
        let rate = |time: u64| self.charged as f64 / (amount * time as f64 / self.period as f64);
        if self.kind == Kind::Window {
            return held as f64 / amount;
        }
        if self.knowledge.is_guess() {
            return rate(time.max(SHORTEST));
        }
        // Where the bucket was full meanwhile callers asked for less than there was.
        let unused = self.deficit.ran_dry_after(self.measured);
        if unused || time < SHORTEST {
            UNMEASURED * self.share.part()
        } else {
            rate(time)
        }
    }
}
