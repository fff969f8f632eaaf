//! What a throttle means: which limit is it about, and for how long is nothing admitted?

use super::super::call::State;
use super::super::{LONG, MILLISECOND, MINUTE, SECOND, charge::Charge, meter::Meter};
use super::Account;
use crate::limit::Unit;

/// The pause after a fourth round of throttles in a row, doubled with each that follows.
const PAUSE: u64 = 100 * MILLISECOND;
const LONGEST_PAUSE: u64 = 15 * SECOND;
/// What was told is doubted after so many periods.
const TOLD_PERIODS: u64 = 2;

impl Account {
    /// The server had nothing left for the call, in that unit if it said so. Returns when another
    /// one of that size is worth a try, where that is all it means.
    pub(crate) fn blame_limit(&mut self, now: u64, charge: &Charge, unit: Option<Unit>) -> u64 {
        self.bring_to(now);
        self.close(charge);
        self.counts.throttled += 1;
        self.took(self.now - charge.at);
        let blamed = self.blamed(charge, unit);
        if blamed.is_some_and(|blamed| self.is_about_size(charge, blamed)) {
            return self.blame_size(charge);
        }
        // A burst of calls that nobody held back costs one throttle, however many they were.
        if blamed.is_none_or(|blamed| !self.meters[blamed].is_old_news(charge.at)) {
            self.purse.pay();
        }
        self.pause_if_in_row(charge.at);
        self.throttled.add(self.now, 1);
        let common = self.common();
        let was = self.state(charge.number);
        let mut pause = 0;
        for (number, meter) in self.meters.iter_mut().enumerate() {
            let sent = was.map(|was| match was {
                State::Open => meter.close(charge.number),
                State::Confirmed | State::Gone => meter.sent(charge.number),
            });
            if meter.has(charge.number) {
                meter.refund(charge.at, charge.amount().of(meter.limit().unit));
            }
            if blamed == Some(number) {
                let confirmed = was.is_none_or(|was| was == State::Confirmed);
                pause = meter.explain_throttle(
                    charge.at,
                    charge.amount(),
                    sent.as_ref(),
                    confirmed,
                    &common,
                );
            }
        }
        if was.is_some() {
            self.set_gone(charge.number);
        }
        self.confirm_old();
        self.blocked = self.blocked.max(self.now.saturating_add(pause));
        self.now
    }

    /// Whether the size of a throttled call explains it: it is larger than any that was answered, and
    /// than all else that the period was charged.
    pub(super) fn is_about_size(&self, charge: &Charge, blamed: usize) -> bool {
        let tokens = charge.tokens;
        let answered = self.oversize.answered();
        if tokens <= answered {
            return false;
        }
        // Others like it under way count no more than it does, once anything was answered.
        let calls = (self.first..self.next).filter(|number| *number != charge.number);
        let others = calls.fold(0, |sum: u64, number| {
            let call = self.calls.get(number);
            let unproven = answered > 0 && call.tokens > answered && call.state == State::Open;
            sum.saturating_add(if unproven { call.tokens } else { 0 })
        });
        let meter = &self.meters[blamed];
        let sent = self.state(charge.number).map(|_| meter.sent(charge.number));
        meter.dwarfs(tokens, answered, others, sent.as_ref())
    }

    /// The call was throttled for its size. To the limits it is as if it had never been.
    pub(super) fn blame_size(&mut self, charge: &Charge) -> u64 {
        for meter in &mut self.meters {
            meter.never_charged(charge.at, charge.amount());
        }
        self.undo(charge);
        let (tokens, period) = (charge.tokens, self.longest_hold());
        let pause = self
            .oversize
            .note_throttle(self.now, charge.at, tokens, period);
        // Then the next one is told so at once.
        let rejects = self.oversize.rejects(self.now, tokens, self.suspects_for());
        self.now.saturating_add(if rejects { 0 } else { pause })
    }

    /// Whether a throttle of the call is explained by these limits: it tried one, or filled it. What
    /// is left would be somebody else's doing.
    pub(crate) fn explains(&self, charge: &Charge, unit: Option<Unit>) -> bool {
        let meters = self.meters.iter();
        let mut meters = meters.filter(|meter| unit.is_none_or(|unit| meter.limit().unit == unit));
        self.state(charge.number).is_some()
            && meters.any(|meter| meter.explains(charge.number, charge.amount()))
    }

    /// Which limit a throttle is about: of those in the unit the one that tried, or the fullest.
    pub(super) fn blamed(&self, charge: &Charge, unit: Option<Unit>) -> Option<usize> {
        let unit = unit.filter(|unit| self.meters.iter().any(|meter| meter.limit().unit == *unit));
        let known = self.state(charge.number).is_some();
        let meters = self.meters.iter().enumerate();
        let meters = meters.filter(|(_, meter)| unit.is_none_or(|unit| meter.limit().unit == unit));
        let fullness = |meter: &Meter| match known {
            true => meter.fullness(charge.number),
            false => 0.0,
        };
        let fullest = meters.max_by(|a, b| fullness(a.1).total_cmp(&fullness(b.1)));
        fullest.map(|(number, _)| number)
    }

    /// Whatever explains the throttles, rounds of them in a row are paused between.
    pub(super) fn pause_if_in_row(&mut self, sent: u64) {
        if self.round.is_some_and(|round| sent <= round) {
            return;
        }
        self.round = Some(self.now);
        self.rounds += 1;
        if self.rounds > 3 {
            let pause = (PAUSE << (self.rounds - 4).min(8)).min(LONGEST_PAUSE);
            self.blocked = self.blocked.max(self.now.saturating_add(pause));
        }
    }

    /// A throttle took that long.
    pub(super) fn took(&mut self, time: u64) {
        self.latency = Some(match self.latency {
            // Up by a quarter, down by a fiftieth: it stays above nine of ten.
            Some(latency) if time > latency => time.min(latency + latency / 4),
            Some(latency) => latency - latency / 50,
            None => time,
        });
    }

    /// Admits nothing for that time: the server said so to one caller. Others are held no longer
    /// than its limits explain.
    pub(crate) fn hold(&mut self, now: u64, time: u64) {
        self.advance(now);
        let time = time.min(self.longest_hold());
        self.blocked = self.blocked.max(self.now.saturating_add(time));
        for meter in &mut self.meters {
            meter.hinted(time);
        }
    }

    /// The longest period that is not so long that a server would call it used up. Where there is
    /// none an hour explains an hour, and a day no more than if nobody had told it.
    pub(super) fn longest_hold(&self) -> u64 {
        let periods = || self.meters.iter().map(Meter::period);
        let short = periods().filter(|period| *period < LONG).max();
        let hour = || periods().find(|period| *period == LONG);
        short.or_else(hour).unwrap_or(MINUTE)
    }

    /// For how long calls are throttled before they are taken to be larger than the quota.
    pub(super) fn suspects_for(&self) -> u64 {
        let guessed = self.meters.iter().any(Meter::is_of_size);
        // What was told is doubted later than a guess: it may be a neighbour's doing.
        let periods = if guessed { 1 } else { TOLD_PERIODS };
        self.longest_hold().saturating_mul(periods)
    }
}
