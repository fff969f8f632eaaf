use std::time::Duration;

/// How long the calls of a cache take: the longest of late. Plain data.
#[derive(Debug, Default)]
pub(super) struct CallTime(Option<Duration>);

impl CallTime {
    /// A call took so long. A longer one before it counts less with each call.
    pub(super) fn note(&mut self, took: Duration) {
        let before = self.0.unwrap_or_default();
        self.0 = Some(took.max(before - before / 8));
    }

    /// `most`, or less if calls take less.
    pub(super) fn at_most(&self, most: Duration) -> Duration {
        self.0.map_or(most, |took| took.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_call_is_forgotten_bit_by_bit() {
        const SECOND: Duration = Duration::from_secs(1);
        let mut time = CallTime::default();
        assert_eq!(time.at_most(10 * SECOND), 10 * SECOND);
        time.note(8 * SECOND);
        time.note(SECOND);
        assert_eq!(time.at_most(10 * SECOND), 7 * SECOND);
        assert_eq!(time.at_most(5 * SECOND), 5 * SECOND);
        for _ in 0..30 {
            time.note(SECOND);
        }
        assert_eq!(time.at_most(10 * SECOND), SECOND);
    }
}
