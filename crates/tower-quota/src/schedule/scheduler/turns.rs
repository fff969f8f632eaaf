//! When the turns of those who wait come.

use super::Scheduler;
use crate::limit::Amount;
use crate::schedule::queue::Place;

/// So many that wait are walked at most to tell one when its turn comes, which takes some
/// microseconds. Of more a sum is made.
const WALKED: usize = 128;

impl<W> Scheduler<W> {
    /// When the turn of the one at `place` comes, as things are now: exactly where few wait.
    pub(super) fn turn_of(&mut self, now: u64, place: Place, amount: Amount) -> u64 {
        if self.queue.len() <= WALKED {
            let mut forecast = self.account.forecast(now);
            for (other, waiter) in self.queue.in_order() {
                let at = self.account.local(forecast.next(waiter.amount));
                // Where it is for the server to say there is no other answer than the usual one.
                if at == u64::MAX {
                    break;
                }
                if other == place {
                    return at;
                }
            }
        }
        let ahead = self.queue.ahead_of(place);
        self.account.fits_at(now, ahead, amount)
    }

    /// When the turns of all come, as things are now.
    pub(super) fn turns(&mut self, now: u64) -> Vec<(Place, u64)> {
        let mut forecast = (self.queue.len() <= WALKED).then(|| self.account.forecast(now));
        let mut ahead = Amount::NONE;
        let turns = self.queue.in_order().map(|(place, waiter)| {
            let amount = waiter.amount;
            let known = forecast.as_mut().map(|forecast| forecast.next(amount));
            let known = known.map(|at| self.account.local(at));
            let at = known.filter(|at| *at != u64::MAX).unwrap_or_else(|| {
                // Nor is there another answer for those behind it, as in `turn_of`.
                forecast = None;
                self.account.fits_at(now, ahead, amount)
            });
            ahead += amount;
            (place, at)
        });
        turns.collect()
    }
}
