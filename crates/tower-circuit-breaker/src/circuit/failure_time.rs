use std::time::Duration;

/// How long a slow failure of a service takes: 19 in 20 are quicker.
#[derive(Debug, Default)]
pub(crate) struct FailureTime {
    /// `None` before the first failure.
    slow: Option<Duration>,
}

/// A call under way for so many times a slow failure will not fail like the others. With less, the
/// noise of failure times counts as life; with more, the circuit opens later.
const OUTLIVES: f64 = 1.5;

/// The delays of a busy runtime are no sign of life.
const LEAST: Duration = Duration::from_millis(10);

/// Slower failures than this are left to the time without a success.
const MOST: Duration = Duration::from_secs(60);

/// Up at nineteen times the pace of down, so it rests where one failure in twenty is slower. The
/// pace is a compromise: a hundred failures go down to a third, six slower ones up to three times.
const UP: f64 = 1.209_249_597_657_251_5; // e^0.19
const DOWN: f64 = 0.990_049_833_749_168; // e^-0.01

impl FailureTime {
    /// A call failed that took `took`.
    pub(crate) fn learn(&mut self, took: Duration) {
        let slow = match self.slow {
            None => took,
            Some(slow) if took > slow => slow.mul_f64(UP),
            Some(slow) => slow.mul_f64(DOWN),
        };
        self.slow = Some(slow.clamp(LEAST, MOST));
    }

    /// A call that is under way for longer has outlived the failures.
    pub(crate) fn outlived(&self) -> Duration {
        self.slow.unwrap_or(LEAST).mul_f64(OUTLIVES)
    }
}
