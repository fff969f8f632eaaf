use super::super::SECOND;
use super::super::deficit::falls;
use super::super::knowledge::Knowledge;
use super::super::phase::Phase;
use super::super::ring::Ring;
use super::{Kind, Meter};
use crate::limit::Amount;

/// What was learned is kept for so long after the last call.
const KEPT: u64 = 3600 * SECOND;

impl Meter {
    /// What it comes to if those who wait go one after the other: a copy without what was learned
    /// by single calls.
    pub(crate) fn ahead(&self) -> Self {
        Self {
            limit: self.limit.clone(),
            share: self.share.clone(),
            phase: Phase::new(self.period),
            window: self.window.clone(),
            sent: Ring::new(),
            watched: 0,
            ..*self
        }
    }

    /// Charges one of those.
    pub(crate) fn charge_ahead(&mut self, amount: Amount) {
        self.add(amount.of(self.limit.unit));
    }

    /// When `mine` fits after `ahead`, as far as is known.
    pub(crate) fn fits_at(&self, ahead: Amount, mine: Amount, now: u64) -> u64 {
        let (ahead, mine) = (ahead.of(self.limit.unit), mine.of(self.limit.unit));
        match (self.knowledge, self.kind) {
            // Nobody is turned away on a guess.
            (Knowledge::Open | Knowledge::Empty(_), _) => now,
            (_, Kind::Bucket) => self.bucket_fits_at(ahead, mine, now),
            (_, Kind::Window) => self.window_fits_at(ahead, mine, now),
            (_, Kind::Unsure) => {
                let bucket = self.bucket_fits_at(ahead, mine, now);
                bucket.max(self.window_fits_at(ahead, mine, now))
            }
        }
    }

    fn bucket_fits_at(&self, ahead: u64, mine: u64, now: u64) -> u64 {
        // A call larger than what is proven goes when the bucket is full.
        let most = self
            .burst
            .proven
            .saturating_sub(self.worth(mine).saturating_add(self.slack()));
        let level = self.deficit.level().saturating_add(self.worth(ahead));
        falls(level.saturating_sub(most), now, self.rate)
    }

    fn window_fits_at(&self, ahead: u64, mine: u64, now: u64) -> u64 {
        let room = self.room.max(mine).max(1);
        let need = u128::from(ahead) + u128::from(mine);
        // Those ahead fill whole periods; the rest fits into what the last one leaves.
        let periods = need.saturating_sub(1) / u128::from(room);
        let rest = u64::try_from(need - periods * u128::from(room)).unwrap_or(u64::MAX);
        let first = self.window.falls_to(room.saturating_sub(rest), now);
        let more = periods.saturating_mul(u128::from(self.window.span()));
        first.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
    }

    /// When nothing is lost by forgetting the meter, if the last call came at `used`.
    pub(crate) fn whole_at(&self, used: u64) -> u64 {
        let empty = self.deficit.falls_to(0, self.at, self.rate);
        let empty = empty.max(self.window.falls_to(0, self.at));
        let new = match self.knowledge {
            Knowledge::Told => {
                self.share.is_whole()
                    && self.burst.refused.is_none()
                    && self.burst.proven <= self.first_burst().proven
            }
            Knowledge::Open => true,
            Knowledge::Empty(_) | Knowledge::FirstGuess | Knowledge::Guess => false,
        };
        if new || !self.is_learned() {
            empty
        } else {
            empty.max(used.saturating_add(KEPT))
        }
    }
}
