use super::super::deficit::falls;
use super::super::knowledge::Knowledge;
use super::super::{MILLISECOND, SECOND};
use super::{Kind, Meter, Now};
use crate::limit::{Amount, Unit};

/// Nothing is tried with less than this share: what is throttled would be a neighbour's doing.
const TRYING_SHARE: f64 = 0.5;
/// Calls that the rate brings faster than one in this time never keep a distance to each other.
const DENSE: u64 = 25 * MILLISECOND;
/// A bucket's size is known well enough when no more than this time of the rate is in doubt.
const CLOSE: u64 = 300 * MILLISECOND;
/// For so long after debts were throttled few calls are under way at a time.
const CARE: u64 = 180 * SECOND;
/// So much beyond a window is enough to find out whether it is fixed: a quarter.
const BEYOND: u64 = 4;

/// What may become of the call at the head of the queue, by one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Verdict {
    /// The server is known to have room.
    Goes,
    /// The same, but few such calls are under way at a time.
    GoesWatched,
    /// It may have room, and to find out is worth a throttle.
    Tries,
    /// A fixed window may have begun anew, and to find out is worth a throttle.
    AsksPhase,
    /// A fixed window has begun anew.
    GoesByPhase,
    /// It is larger than all there seems to be: nobody waits until all is there.
    GoesOversize,
    /// Not before that time.
    Waits(u64),
    /// Not before that time, or before a call under way is confirmed or throttled.
    WaitsForNews(u64),
}

impl Meter {
    /// Says whether the call may go; it is charged next if all limits say so.
    pub(crate) fn look(&mut self, amount: Amount, now: &Now) -> Verdict {
        self.verdict = self.judge(amount, now);
        self.verdict
    }

    fn judge(&self, amount: Amount, now: &Now) -> Verdict {
        let x = amount.of(self.limit.unit);
        match self.knowledge {
            // Whether there is a limit at all is for the server to say.
            Knowledge::Open => return Verdict::Goes,
            Knowledge::Guess if self.is_of_size() && x > self.room && x > now.answered => {
                return Verdict::GoesOversize;
            }
            Knowledge::Told | Knowledge::Empty(_) | Knowledge::FirstGuess | Knowledge::Guess => {}
        }
        let careful = self.is_careful(now.at);
        // How many calls may be under way now, if few may.
        let most = match self.knowledge {
            Knowledge::Empty(_) => Some(1),
            _ if self.share.is_pinging() => Some(1),
            _ if careful => Some(if now.spare { now.watched } else { 1 }),
            _ => None,
        };
        if most.is_some_and(|most| self.watched >= most) {
            return Verdict::WaitsForNews(u64::MAX);
        }
        if matches!(self.knowledge, Knowledge::Empty(_)) {
            return Verdict::GoesWatched;
        }
        let goes = if most.is_some() {
            Verdict::GoesWatched
        } else {
            Verdict::Goes
        };
        let used = self.window.sum();
        let in_window = used == 0 || used.checked_add(x).is_some_and(|sum| sum <= self.room);
        match self.kind {
            Kind::Window if in_window => goes,
            Kind::Window => self.beyond_window(x, now),
            Kind::Bucket | Kind::Unsure => self.by_bucket(x, in_window, goes, now),
        }
    }

    /// By the bucket, and by the window too while it may be one.
    fn by_bucket(&self, x: u64, in_window: bool, goes: Verdict, now: &Now) -> Verdict {
        let (worth, slack) = (self.worth(x), self.slack());
        let lacks = self.deficit.level().saturating_add(self.debts(now));
        let level = lacks.saturating_add(worth);
        let in_bucket = level.saturating_add(slack) <= self.burst.proven
            // A full bucket admits whatever the server ever admits.
            || self.deficit.is_dry_for(self.jitter, now.at);
        let is_small = self.is_small() && !now.strays;
        let in_window = in_window || self.kind == Kind::Bucket || is_small;
        if in_bucket && in_window {
            return goes;
        }
        let mut at = now.at + MILLISECOND;
        if !in_bucket {
            // What is larger than the bucket is known to be goes when that is full.
            let most = self.burst.proven.checked_sub(worth.saturating_add(slack));
            let fits = most.map_or(u64::MAX, |most| {
                falls(lacks.saturating_sub(most), now.at, self.rate)
            });
            let full = self
                .deficit
                .falls_to(0, now.at, self.rate)
                .saturating_add(self.jitter);
            at = at.max(fits.min(full));
        }
        if !in_window {
            at = at.max(self.window_at(x, now.at));
        }
        // One of the two at a time is tried, or a throttle would not say which it was.
        let tries = (in_bucket || in_window)
            && now.spare
            && self.knowledge != Knowledge::FirstGuess
            && self.share.part() >= TRYING_SHARE;
        match tries {
            true if in_bucket => self.tries(worth, at, 1, now),
            true => self.beyond_bucket(worth, level, at, now),
            false => Verdict::Waits(at),
        }
    }

    /// The call goes beyond what the bucket is known to hold. It is known to go `at` that time.
    fn beyond_bucket(&self, worth: u128, level: u128, at: u64, now: &Now) -> Verdict {
        let in_window = self.window.sum() <= self.room;
        if in_window && level > self.over_period() && now.at >= self.no_window_until {
            // More lacks than a period brings, as after debts: only a window forgets that.
            return self.tries(worth, at, 1, now);
        }
        let below = self
            .burst
            .tries_below(self.rate_for(CLOSE))
            .min(self.worth(self.amount));
        if level >= below {
            let falls = falls(level - below + 1, now.at, self.rate);
            return Verdict::Waits(if below > worth { at.min(falls) } else { at });
        }
        if level <= self.burst.proven && !self.is_dense(worth) {
            // Nothing would be learned: jitter is all that is waited for.
            return Verdict::Waits(at);
        }
        let most = if self.burst.refused.is_some() {
            1
        } else {
            now.watched
        };
        self.tries(worth, at, most, now)
    }

    /// A trial, if there are less than `most` under way.
    fn tries(&self, worth: u128, at: u64, most: u32, now: &Now) -> Verdict {
        let distance = self.distance();
        if now.at < distance && !self.is_dense(worth) {
            // It could overtake a call sent just before, and that be throttled in its place.
            Verdict::Waits(at.min(distance))
        } else if self.watched < most {
            Verdict::Tries
        } else {
            Verdict::WaitsForNews(at)
        }
    }

    /// The sliding window is full; a fixed one may have begun anew.
    fn beyond_window(&self, x: u64, now: &Now) -> Verdict {
        let mut at = self.window_at(x, now.at);
        if !self.is_learned() || !self.share.is_whole() || self.knowledge.is_guess() {
            return Verdict::Waits(at);
        }
        if let Some(begun) = self.phase.begun(now.at, self.jitter) {
            let fits = self.window.since(begun).saturating_add(x) <= self.room;
            if fits && now.spare && now.at >= self.phase_used_up {
                let most = if self.phase.is_trusted() {
                    now.watched
                } else {
                    1
                };
                return match self.watched < most {
                    true => Verdict::GoesByPhase,
                    false => Verdict::WaitsForNews(at),
                };
            }
        }
        if let Some(next) = self.phase.next(now.at, self.jitter) {
            at = at.min(next);
        }
        if !now.spare || self.window.sum() >= self.room.saturating_add(self.room / BEYOND) {
            return Verdict::Waits(at);
        }
        if !self.phase.is_in_doubt(now.at) {
            return Verdict::Waits(at);
        }
        let distance = self.distance();
        if now.at < distance {
            return Verdict::Waits(at.min(distance));
        }
        let full = self
            .window
            .fuller_since(self.room.saturating_sub(x))
            .unwrap_or((0, 0));
        if !self.phase.is_telling(now.at, full) {
            return Verdict::Waits(at.min(now.at + SECOND));
        }
        match self.watched {
            0 => Verdict::AsksPhase,
            _ => Verdict::WaitsForNews(at),
        }
    }

    /// When a call no longer overtakes the one before.
    fn distance(&self) -> u64 {
        self.plain.map_or(0, |plain| plain + self.jitter)
    }

    fn is_careful(&self, now: u64) -> bool {
        self.share.is_careful(now) || self.in_debt.is_some_and(|at| now - at < CARE)
    }

    /// What calls under way will come to above what they reserved, less what drains until then.
    pub(super) fn debts(&self, now: &Now) -> u128 {
        if now.owed == 0 || self.limit.unit == Unit::Calls {
            return 0;
        }
        self.worth(now.owed)
            .saturating_sub(self.rate_for(now.call_time))
    }

    /// The level that no bucket holds, for it is more than a period brings.
    pub(super) fn over_period(&self) -> u128 {
        self.worth(self.amount.saturating_add(self.amount / 50))
    }

    pub(super) fn is_dense(&self, worth: u128) -> bool {
        worth <= self.rate_for(DENSE)
    }

    fn window_at(&self, x: u64, now: u64) -> u64 {
        self.window.falls_to(self.room.saturating_sub(x), now)
    }
}
