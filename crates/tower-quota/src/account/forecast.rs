use super::meter::{Meter, Now, Verdict};
use crate::limit::Amount;

/// Times are counted up to here: hundreds of years.
const NEVER: u64 = u64::MAX / 2;

/// When calls go that wait, one after the other, if nobody else comes, nothing is heard of those
/// under way, and nothing is tried.
///
/// It lets them go from a copy of the meters. That takes account of what no sum knows: a bucket
/// that is full earns nothing while the first in line waits for another limit, a large call waits
/// until all is there, and what a window has left may be too little for the next one.
#[derive(Debug)]
pub(crate) struct Forecast {
    meters: Vec<Meter>,
    common: Now,
}

impl Forecast {
    pub(super) fn new(meters: Vec<Meter>, common: Now) -> Self {
        Self { meters, common }
    }

    /// When the next in line goes.
    pub(crate) fn next(&mut self, amount: Amount) -> u64 {
        loop {
            let now = self.common.at;
            let mut at = now;
            for meter in &mut self.meters {
                meter.advance(now);
                match meter.look(amount, &self.common) {
                    Verdict::Waits(until) | Verdict::WaitsForNews(until) => at = at.max(until),
                    Verdict::Goes
                    | Verdict::GoesWatched
                    | Verdict::Tries
                    | Verdict::AsksPhase
                    | Verdict::GoesByPhase
                    | Verdict::GoesOversize => {}
                }
            }
            if at >= NEVER {
                return u64::MAX;
            }
            if at == now {
                for meter in &mut self.meters {
                    meter.charge_ahead(amount);
                }
                return now;
            }
            self.common.at = at;
        }
    }
}
