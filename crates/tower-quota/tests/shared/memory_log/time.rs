//! The time of a log, whose server's clock may be set.

use std::time::Duration;

/// Who appends says what the time should be by its own steady clock. More or less than so much is a clock that was
/// set.
const SET: i64 = 2_000_000;
/// Two who say by how much mean the same if they are no further apart.
const SAME: i64 = 1_000_000;

/// In microseconds. What is appended never has an earlier time than what was before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogTime {
    last: i64,
    /// What is added to the server's clock.
    skew: i64,
    /// How far ahead the clock was of what the last append expected, if it seems to have been set forward.
    ahead: Option<i64>,
}

impl LogTime {
    /// Of a log that begins, where the server's clock shows `clock`, after one that had come to `last`.
    pub(crate) fn begin(clock: i64, last: u64) -> Self {
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        Self {
            last,
            // A clock that is behind does not stand still until it is where the time was.
            skew: (last - clock).max(0),
            ahead: None,
        }
    }

    /// The time where the server's clock shows `clock`.
    pub(crate) fn now(&self, clock: i64) -> u64 {
        (clock + self.skew).max(self.last).max(0) as u64
    }

    /// The same, and what is to be concluded from it, where somebody has `heard` a time so long ago.
    pub(crate) fn told(&mut self, clock: i64, heard: Option<(u64, Duration)>) -> u64 {
        let Some((at, ago)) = heard else {
            return self.now(clock);
        };
        let mut now = clock + self.skew;
        let expected = at as i64 + ago.as_micros() as i64;
        let ahead = now - expected;
        // An append that was under way for seconds says the same as a clock that was set forward. The next one tells
        // which it was.
        let before = self.ahead.take();
        if ahead < -SET {
            self.skew -= ahead;
            now = expected;
        } else if ahead > SET {
            match before.filter(|before| (before - ahead).abs() <= SAME) {
                Some(before) => {
                    self.skew -= ahead.min(before);
                    now = expected.max(clock + self.skew);
                }
                None => {
                    self.ahead = Some(ahead);
                    now = expected;
                }
            }
        }
        now.max(self.last).max(0) as u64
    }

    /// Something was appended then.
    pub(crate) fn appended(&mut self, at: u64) {
        self.last = self.last.max(at as i64);
    }
}
