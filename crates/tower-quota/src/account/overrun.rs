use crate::limit::Amount;

/// Each call decays both sums by 1/32, so about the last 32 calls count.
const FORGET: u64 = 32;

/// How far calls come to more than they reserve, the latest ones most of all.
///
/// Where output counts several times a call may come to more than it can reserve. When it ends is
/// too late to find that out: by then others are under way that there is no room for.
#[derive(Debug, Default)]
pub(crate) struct Overrun {
    reserved: u64,
    used: u64,
}

impl Overrun {
    /// A call that had asked for `amount` came to `actual`.
    pub(crate) fn learn(&mut self, amount: Amount, actual: Amount) {
        let next = |sum: u64, tokens: u64| (sum - sum / FORGET).saturating_add(tokens);
        self.reserved = next(self.reserved, amount.tokens);
        self.used = next(self.used, actual.tokens);
    }

    /// What `amount` will come to, and no less than it asks for.
    pub(crate) fn of(&self, amount: Amount) -> Amount {
        if self.used <= self.reserved || self.reserved == 0 {
            return amount;
        }
        let tokens = u128::from(amount.tokens) * u128::from(self.used) / u128::from(self.reserved);
        Amount {
            tokens: u64::try_from(tokens).unwrap_or(u64::MAX),
            ..amount
        }
    }
}
