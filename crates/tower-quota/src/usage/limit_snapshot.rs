use crate::account::Meter;
use crate::limit::Limit;

/// How much of one limit is used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitSnapshot {
    /// The limit.
    pub limit: Limit,
    /// What counts in the period that ends now, in the limit's unit, reservations included. It
    /// can be above the amount when calls came to more than they reserved.
    pub used: u64,
    /// What the period that ends now has left.
    pub headroom: u64,
}

impl LimitSnapshot {
    pub(super) fn of(meter: &Meter) -> Self {
        Self {
            limit: meter.limit().clone(),
            used: meter.used(),
            headroom: meter.headroom(),
        }
    }

    /// The part that is used; 0 where the limit is a guess.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        if self.limit.is_probing() || self.limit.amount == 0 {
            0.0
        } else {
            self.used as f64 / self.limit.amount as f64
        }
    }
}
