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

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_rests_where_one_failure_in_twenty_is_slower(seed: u64, first in 1..60_000_u64) {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut time = FailureTime::default();
            time.learn(Duration::from_millis(first));
            let mut slower = 0;
            // Evenly from 0 to 10 s; the way from the first failure's time does not count.
            for call in 0..21_000 {
                let took = Duration::from_secs(10).mul_f64(rng.f64());
                if call >= 1000 {
                    slower += u32::from(took.mul_f64(OUTLIVES) > time.outlived());
                }
                time.learn(took);
            }
            prop_assert!((900..1100).contains(&slower), "{slower} of 20,000");
        }

        #[test]
        fn it_stays_between_its_limits(times in proptest::collection::vec(any::<u64>(), 0..200)) {
            let mut time = FailureTime::default();
            for millis in times {
                time.learn(Duration::from_millis(millis));
                prop_assert!(time.outlived() >= Duration::from_millis(15));
                prop_assert!(time.outlived() <= Duration::from_secs(90));
            }
        }
    }
}
