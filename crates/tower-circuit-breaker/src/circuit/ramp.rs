use std::time::Duration;

use tokio::time::Instant;

use super::open_time::after;

/// The time after a circuit has closed in which only a share of its calls is admitted.
///
/// All that waited for an open circuit come at once when it closes. A service that has just
/// recovered would break down under them, and their retries would keep it down.
#[derive(Debug)]
pub(crate) struct Ramp {
    began: Instant,
    length: Duration,
    /// What the calls have gathered of their shares, in parts of `WHOLE`; each that is admitted
    /// takes a whole one. A sum of fractions would drift.
    credit: u32,
}

/// The share at the beginning. With less, the first tenth of the time would be wasted on a service
/// that has just answered a probe.
const LEAST: f64 = 0.1;

const WHOLE: u32 = 1_000_000;

impl Ramp {
    pub(crate) fn new(began: Instant, length: Duration) -> Self {
        Self {
            began,
            length: after(began, length) - began,
            credit: WHOLE,
        }
    }

    /// The share of the calls that is admitted; `None` once it is all of them.
    pub(crate) fn share(&self, now: Instant) -> Option<f64> {
        let passed = now.saturating_duration_since(self.began);
        (passed < self.length).then(|| passed.div_duration_f64(self.length).max(LEAST))
    }

    pub(crate) fn ends(&self) -> Instant {
        self.began + self.length
    }

    /// Admits a call, or holds it back until some moment of the rest of the ramp: they should not
    /// all come again at its end. The admitted are evenly spaced among those that ask, for chance
    /// would bunch them.
    pub(crate) fn admit(&mut self, now: Instant, rng: &mut fastrand::Rng) -> Result<(), Duration> {
        let Some(share) = self.share(now) else {
            return Ok(());
        };
        self.credit += (share * f64::from(WHOLE)).round() as u32;
        if self.credit >= WHOLE {
            self.credit -= WHOLE;
            return Ok(());
        }
        let rest = self.ends() - now;
        Err(rest.mul_f64(rng.f64()))
    }
}
