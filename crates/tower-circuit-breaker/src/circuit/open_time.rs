use std::time::Duration;

use tokio::time::Instant;

use crate::settings::Settings;

/// How long a circuit stays open: doubles from trip to trip, with jitter, up to the cap.
#[derive(Debug, Default)]
pub(crate) struct OpenTime {
    /// Trips since the circuit was last closed for good.
    trips: u32,
}

impl OpenTime {
    /// The next open time: between half and all of `base * 2^trips`, or of the cap.
    ///
    /// The jitter only shortens, so that the cap is kept. It is there for many processes whose
    /// circuits open at once: their probes should not all come at once.
    pub(crate) fn next(&mut self, settings: &Settings, rng: &mut fastrand::Rng) -> Duration {
        let doubled = settings
            .open_base
            .saturating_mul(1_u32.checked_shl(self.trips).unwrap_or(u32::MAX));
        self.trips = self.trips.saturating_add(1);
        let longest = doubled.min(settings.open_cap);
        longest.mul_f64(0.5 + rng.f64() / 2.0).min(longest)
    }

    pub(crate) fn start_over(&mut self) {
        self.trips = 0;
    }
}

/// `now + time`, but at most thirty years from now: a hint of any length must not overflow the
/// clock.
pub(crate) fn after(now: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now + time.min(FAR)
}
