use tokio::time::Instant;

use super::budget::Budget;

const NANOS: u128 = 1_000_000_000;

/// The balance of a [`Budget`]: pure, and looked at only when a retry is due.
///
/// Calls do not come here: they add to a running total of traffic, and the ledger credits what has
/// come since it last looked. Between two looks the balance only grows, so clamping it late gives
/// the same as clamping it at every call.
///
/// One unit of weight is `denominator * 10^9`, so that both the ratio and a nanosecond's share of
/// the floor are whole numbers.
#[derive(Debug)]
pub(crate) struct Ledger {
    per_traffic: u128,
    per_nano: u128,
    unit: u128,
    capacity: u128,
    balance: u128,
    seen: u64,
    at: Option<Instant>,
}

impl Ledger {
    /// A full ledger, or `None` if the budget has no limit.
    pub(crate) fn new(budget: Budget) -> Option<Self> {
        let unit = u128::from(budget.denominator) * NANOS;
        let capacity = u128::from(budget.burst?) * unit;
        Some(Self {
            per_traffic: u128::from(budget.numerator) * NANOS,
            per_nano: u128::from(budget.floor) * u128::from(budget.denominator),
            unit,
            capacity,
            balance: capacity,
            seen: 0,
            at: None,
        })
    }

    /// Pays for a retry, or leaves the balance as it is. `traffic` is the running total.
    pub(crate) fn withdraw(&mut self, now: Instant, traffic: u64, weight: u64) -> bool {
        self.balance = self.balance(now, traffic);
        self.seen = traffic;
        // Clocks of two threads may be read in another order than they get here.
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        let price = self.price(weight);
        let paid = self.capacity > 0 && price <= self.balance;
        if paid {
            self.balance -= price;
        }
        paid
    }

    /// Takes back what was paid for a retry that was never made.
    pub(crate) fn refund(&mut self, weight: u64) {
        self.balance = (self.balance + self.price(weight)).min(self.capacity);
    }

    /// The weight that could be retried now.
    pub(crate) fn left(&self, now: Instant, traffic: u64) -> u64 {
        u64::try_from(self.balance(now, traffic) / self.unit).unwrap_or(u64::MAX)
    }

    fn balance(&self, now: Instant, traffic: u64) -> u128 {
        let nanos = self
            .at
            .map_or(0, |at| now.saturating_duration_since(at).as_nanos());
        let calls = u128::from(traffic.wrapping_sub(self.seen));
        self.balance
            .saturating_add(calls * self.per_traffic)
            .saturating_add(nanos.saturating_mul(self.per_nano))
            .min(self.capacity)
    }

    fn price(&self, weight: u64) -> u128 {
        (u128::from(weight) * self.unit).min(self.capacity)
    }
}

#[cfg(test)]
mod tests;
