use std::time::Duration;

/// The longest pause a latency can come to; keeps the arithmetic on instants from overflowing.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long a model takes: to its first output token, and for each further one.
///
/// A whole answer of `n` output tokens arrives after `first_token + (n - 1) × per_token`; a stream
/// delivers each event when its last token is due. All of it is multiplied by
/// [`factor`](Latency::factor); with a factor of 0 nothing ever sleeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    first_token: Duration,
    per_token: Duration,
    factor: f64,
}

impl Latency {
    /// A latency with a factor of 1.
    #[must_use]
    pub const fn new(first_token: Duration, per_token: Duration) -> Self {
        Self {
            first_token,
            per_token,
            factor: 1.0,
        }
    }

    /// Answers at once. The default of a [`Simulator`](crate::Simulator).
    #[must_use]
    pub const fn none() -> Self {
        Self::new(Duration::ZERO, Duration::ZERO)
    }

    /// Multiplies every pause: 1 is as configured, 0.1 ten times as fast, 0 no pauses at all.
    ///
    /// # Panics
    ///
    /// If the factor is negative or not finite.
    #[must_use]
    pub const fn factor(mut self, factor: f64) -> Self {
        assert!(
            factor.is_finite() && factor >= 0.0,
            "a latency factor is a finite number, 0 or more"
        );
        self.factor = factor;
        self
    }

    /// The latency of an answer that comes so much later.
    pub(crate) fn later(mut self, delay: Duration) -> Self {
        self.first_token = self.first_token.saturating_add(delay);
        self
    }

    /// When the `tokens`-th output token is there, counted from the start of the call.
    pub(crate) fn until(&self, tokens: u64) -> Duration {
        let tokens = u32::try_from(tokens.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self
            .first_token
            .saturating_add(self.per_token.saturating_mul(tokens));
        let seconds = whole.min(LONGEST).as_secs_f64() * self.factor;
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    }

    /// How many of `total` output tokens are there after `elapsed`.
    pub(crate) fn produced(&self, elapsed: Duration, total: u64) -> u64 {
        // Searched and not computed, so that it is the exact inverse of `until`, rounding included.
        let (mut low, mut high) = (0, total);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.until(middle) <= elapsed {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_token_is_produced_when_its_time_has_come() {
        let latency = Latency::new(200 * MS, 5 * MS);
        assert_eq!(latency.until(1), 200 * MS);
        assert_eq!(latency.until(11), 250 * MS);
        assert_eq!(latency.produced(199 * MS, 100), 0);
        assert_eq!(latency.produced(200 * MS, 100), 1);
        assert_eq!(latency.produced(254 * MS, 100), 11);
        assert_eq!(latency.produced(Duration::MAX, 100), 100);
    }

    #[test]
    fn a_factor_of_zero_means_no_pause() {
        let latency = Latency::new(Duration::MAX, Duration::MAX).factor(0.0);
        assert_eq!(latency.until(u64::MAX), Duration::ZERO);
        assert_eq!(latency.produced(Duration::ZERO, 7), 7);
    }

    #[test]
    fn absurd_pauses_are_capped_at_a_year() {
        let latency = Latency::new(Duration::MAX, Duration::MAX).factor(f64::MAX);
        assert_eq!(latency.until(u64::MAX), LONGEST);
    }
}
