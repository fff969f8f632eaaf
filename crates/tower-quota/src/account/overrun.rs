use crate::limit::Demand;

/// Of what was asked for and used, so much is forgotten with each call.
const FORGET: u64 = 32;

/// What calls come to beside what they ask for, the latest ones most of all.
///
/// Where output counts several times a call may come to more than it can reserve. To find that out
/// when it ends would be late: by then others are under way that there is no room for.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    asked: u64,
    used: u64,
}

impl Outcome {
    /// A call that had asked for `demand` came to `actual`.
    pub(crate) fn learn(&mut self, demand: Demand, actual: Demand) {
        let next = |sum: u64, tokens: u64| (sum - sum / FORGET).saturating_add(tokens);
        self.asked = next(self.asked, demand.tokens);
        self.used = next(self.used, actual.tokens);
    }

    /// What `demand` will come to, and no less than it asks for.
    pub(crate) fn of(&self, demand: Demand) -> Demand {
        if self.used <= self.asked || self.asked == 0 {
            return demand;
        }
        let tokens = u128::from(demand.tokens) * u128::from(self.used) / u128::from(self.asked);
        Demand {
            tokens: u64::try_from(tokens).unwrap_or(u64::MAX),
            ..demand
        }
    }
}
