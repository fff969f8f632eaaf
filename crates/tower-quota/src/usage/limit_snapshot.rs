use crate::account::{Kind, Meter};
use crate::limit::Limit;

/// How much of one limit is used, and what is known of how the server counts it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LimitSnapshot {
    /// The limit.
    pub limit: Limit,
    /// What counts in the period that ends now, in the limit's unit, reservations included. It
    /// can be above the amount where the server's bucket holds something, or calls came to more
    /// than they reserved.
    pub used: u64,
    /// What the period that ends now has left.
    pub headroom: u64,
    /// What a period brings: as told or, of a limit that is [probing](Limit::probing), as found
    /// so far, and `None` before the first throttle.
    pub amount: Option<u64>,
    /// How the server counts.
    pub meter: MeterKind,
    /// A bucket is known to hold that much, in the limit's unit: it was seen, or told.
    pub burst_at_least: u64,
    /// A bucket was seen to hold less than that. `None` if nothing was throttled for it.
    pub burst_below: Option<u64>,
    /// The part of the rate that others leave: 1 unless there were throttles that nothing else
    /// explains, and above 1 where a found amount is rising.
    pub share: f64,
}

/// How a server counts a limit, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MeterKind {
    /// By a bucket or by a window: calls go where both have room.
    Unsure,
    /// By a bucket that refills evenly: it admitted what no window would.
    Bucket,
    /// By a window: it was told, refused what a bucket would have held, or the period is an hour
    /// or longer.
    Window,
}

impl LimitSnapshot {
    pub(super) fn of(meter: &Meter) -> Self {
        let used = meter.used();
        let amount = (!meter.is_open()).then(|| meter.amount());
        Self {
            limit: meter.limit().clone(),
            used,
            headroom: amount.map_or(u64::MAX, |amount| amount.saturating_sub(used)),
            amount,
            meter: match meter.kind() {
                Kind::Unsure => MeterKind::Unsure,
                Kind::Bucket => MeterKind::Bucket,
                Kind::Window => MeterKind::Window,
            },
            burst_at_least: meter.burst_at_least(),
            burst_below: meter.burst_below(),
            share: meter.share(),
        }
    }

    /// The part that is used; 0 where the amount was not told.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        if self.limit.probing || self.limit.amount == 0 {
            0.0
        } else {
            self.used as f64 / self.limit.amount as f64
        }
    }

    /// How sure it is what the server's meter holds, from 0, nothing, to 1: a window, or a bucket
    /// whose size was found to a tenth.
    #[must_use]
    pub fn sureness(&self) -> f64 {
        match (self.meter, self.burst_below) {
            (MeterKind::Window, _) => 1.0,
            (MeterKind::Unsure | MeterKind::Bucket, None) => {
                let whole = self.amount.unwrap_or(u64::MAX).max(1);
                (self.burst_at_least as f64 / whole as f64).min(1.0)
            }
            (MeterKind::Unsure | MeterKind::Bucket, Some(below)) => {
                // Within a tenth no more is tried.
                let ratio = self.burst_at_least as f64 / below.max(1) as f64;
                (ratio / 0.9).min(1.0)
            }
        }
    }
}
