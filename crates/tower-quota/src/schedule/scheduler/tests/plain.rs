//! The plainest scheduler.

use crate::account::{Account, Charge, Refusal, nanos};
use crate::error::Cause;
use crate::limit::Amount;
use crate::schedule::call::Answer;
use crate::settings::Settings;

/// One who waits, by the name that is to be woken.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) name: u64,
    pub(super) class: usize,
    pub(super) at: u64,
    pub(super) amount: Amount,
    pub(super) give_up: u64,
    pub(super) bound: Cause,
}

impl Came {
    fn turn(&self, aging: u64) -> (u64, usize, u64) {
        (self.at + aging * self.class as u64, self.class, self.name)
    }
}

/// The same without an index, a total or a short cut: a list of those who wait in the order of
/// their turns, walked from its start each time. All are one tenant's.
pub(super) struct Plain {
    pub(super) account: Account,
    pub(super) settings: Settings,
    pub(super) line: Vec<Came>,
    pub(super) ended: Vec<(u64, Answer)>,
    pub(super) closed: bool,
}

impl Plain {
    pub(super) fn goes_at(&mut self, now: u64, place: usize) -> u64 {
        let mut ahead = Amount::NONE;
        for came in &self.line[..place] {
            ahead += came.amount;
        }
        self.account.fits_at(now, ahead, self.line[place].amount)
    }

    fn told(&mut self, now: u64, place: usize) -> u64 {
        let mut forecast = self.account.forecast(now);
        let turns = self.line[..=place].iter();
        match turns.fold(now, |at, came| at.max(forecast.next(came.amount))) {
            u64::MAX => self.goes_at(now, place),
            at => at,
        }
    }

    /// Whether the one at `place` will not make it, whatever is only guessed.
    fn is_late(&mut self, now: u64, place: usize) -> bool {
        let mut ahead = Amount::NONE;
        for came in &self.line[..place] {
            ahead += came.amount;
        }
        let Came {
            amount, give_up, ..
        } = self.line[place];
        self.account.waits_until(now, ahead, amount) > give_up
    }

    pub(super) fn enter(
        &mut self,
        now: u64,
        came: Came,
        late: bool,
    ) -> Result<Option<Charge>, (Cause, Option<u64>)> {
        self.advance(now);
        if let Some(refused) = self.refuses(now, came.amount) {
            return Err(refused);
        }
        if self.closed {
            let at = self.account.fits_at(now, Amount::NONE, came.amount);
            return Err((Cause::Closed, Some(at)));
        }
        if self.line.is_empty() && !late {
            if let Ok(entry) = self.account.admit(now, came.amount) {
                return Ok(Some(entry));
            }
        }
        let aging = nanos(self.settings.aging);
        let turn = came.turn(aging);
        let place = self
            .line
            .iter()
            .filter(|other| other.turn(aging) < turn)
            .count();
        let (name, bound) = (came.name, came.bound.clone());
        self.line.insert(place, came);
        if self.is_late(now, place) {
            let at = self.told(now, place);
            self.line.remove(place);
            return Err((bound, Some(at)));
        }
        if self.line.len() > self.settings.max_queue {
            let last = (0..self.line.len()).max_by_key(|n| (self.line[*n].class, *n));
            let last = last.expect("it is lined up");
            let at = self.told(now, last);
            if self.line[last].name == name {
                self.line.remove(last);
                return Err((Cause::QueueFull, Some(at)));
            }
            self.end(last, |_| Err((Cause::QueueFull, Some(at))));
        }
        self.advance(now);
        Ok(None)
    }

    pub(super) fn close(&mut self, now: u64) {
        self.advance(now);
        self.closed = true;
        let turns: Vec<_> = (0..self.line.len()).map(|n| self.told(now, n)).collect();
        for at in turns {
            self.end(0, |_| Err((Cause::Closed, Some(at))));
        }
    }

    pub(super) fn all_go_at(&mut self, now: u64) -> u64 {
        let mut all = Amount::NONE;
        for came in &self.line {
            all += came.amount;
        }
        self.account.waits_until(now, all, Amount::NONE)
    }

    /// Why so much does not go however long it waits, or not for long.
    fn refuses(&self, now: u64, amount: Amount) -> Option<(Cause, Option<u64>)> {
        Some(match self.account.refuses(now, amount)? {
            Refusal::ExceedsLimit(limit) => {
                let (amount, limit) = (amount.of(limit.unit()), Box::new(limit.clone()));
                (Cause::TooLarge { amount, limit }, None)
            }
            Refusal::Exhausted(until) => (Cause::Exhausted, Some(until)),
            Refusal::SeemsTooLarge { answered } => {
                let tokens = amount.tokens;
                (Cause::SeemsTooLarge { tokens, answered }, None)
            }
        })
    }

    pub(super) fn turn_away(&mut self, now: u64) {
        let mut place = 0;
        while place < self.line.len() {
            match self.refuses(now, self.line[place].amount) {
                Some(refused) => self.end(place, |_| Err(refused)),
                None => place += 1,
            }
        }
    }

    fn end(&mut self, place: usize, answer: impl FnOnce(Cause) -> Answer) {
        let came = self.line.remove(place);
        self.ended.push((came.name, answer(came.bound)));
    }

    pub(super) fn advance(&mut self, now: u64) {
        while !self.line.is_empty() {
            let first = self.line[0].amount;
            match self.account.admit(now, first) {
                Ok(entry) => self.end(0, |_| Ok(entry)),
                Err(at) if at > self.line[0].give_up && self.is_late(now, 0) => {
                    let at = at.max(self.account.fits_at(now, Amount::NONE, first));
                    self.end(0, |bound| Err((bound, Some(at))));
                }
                Err(at) => {
                    let over = (0..self.line.len()).filter(|n| self.line[*n].give_up <= now);
                    let over = over.min_by_key(|n| (self.line[*n].give_up, self.line[*n].class));
                    let Some(over) = over else { return };
                    self.end(over, |bound| Err((bound, Some(at))));
                }
            }
        }
    }

    pub(super) fn look_over(&mut self, now: u64) {
        let mut place = 0;
        while place < self.line.len() {
            if self.is_late(now, place) {
                let at = self.goes_at(now, place);
                self.end(place, |bound| Err((bound, Some(at))));
            } else {
                place += 1;
            }
        }
    }
}
