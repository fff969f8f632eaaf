use std::time::Duration;

use super::jitter::Jitter;

/// The delays before the retries of one call: exponential, jittered, capped.
///
/// The first retry's step is `base`; every retry doubles it, up to `cap`. [`Jitter`] spreads the
/// step; by default it is [`Jitter::Full`].
///
/// ```
/// use std::time::Duration;
/// use tower_backoff::{Backoff, Jitter};
///
/// let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5)).jitter(Jitter::None);
/// let delays: Vec<_> = backoff.delays(0).take(4).map(|d| d.as_secs()).collect();
/// assert_eq!(delays, [1, 2, 4, 5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    jitter: Jitter,
}

impl Backoff {
    /// Steps that start at `base` and never exceed `cap`.
    ///
    /// A `base` of zero retries at once.
    ///
    /// # Panics
    ///
    /// If `base` is longer than `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        assert!(base.as_nanos() <= cap.as_nanos(), "base is longer than cap");
        Self {
            base,
            cap,
            jitter: Jitter::Full,
        }
    }

    /// Spreads the steps in another way. Default: [`Jitter::Full`].
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    pub(crate) const fn base(&self) -> Duration {
        self.base
    }

    pub(crate) const fn cap(&self) -> Duration {
        self.cap
    }

    pub(crate) const fn spread(&self) -> Jitter {
        self.jitter
    }
}
