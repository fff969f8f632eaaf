use std::fmt;

use tokio::time::Instant;

/// One limit and what has been spent of it, metered in one of the ways of [`Meter`](crate::Meter).
///
/// Every method is told the time.
pub(super) trait MeteredLimit: fmt::Debug + Send {
    /// Whether `amount` more can be charged.
    fn fits(&mut self, now: Instant, amount: u64) -> bool;

    /// Charges it, whether it fits or not.
    fn charge(&mut self, now: Instant, amount: u64) -> Mark;

    /// Makes of a charge of `from`, booked at the mark, one of `to`.
    fn correct(&mut self, now: Instant, mark: Mark, from: u64, to: u64);

    /// What is left; negative when in debt.
    fn available(&mut self, now: Instant) -> i64;
}

/// Where a charge was booked, so that a correction finds it. Each meter has its own numbers.
pub(super) type Mark = u64;

/// `limit - used`, as far as an `i64` goes.
pub(super) fn difference(limit: u64, used: u64) -> i64 {
    let left = i128::from(limit) - i128::from(used);
    i64::try_from(left).unwrap_or(if left < 0 { i64::MIN } else { i64::MAX })
}
