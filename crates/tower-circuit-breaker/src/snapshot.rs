use std::time::Duration;

use crate::circuit::State;

/// One circuit at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub(crate) state: State,
    pub(crate) generation: u32,
    pub(crate) consecutive_failures: u32,
    pub(crate) failed: Option<(u64, u64)>,
    pub(crate) slow: Option<(u64, u64)>,
    pub(crate) probes: usize,
    pub(crate) until_half_open: Option<Duration>,
    pub(crate) forced: bool,
}

impl Snapshot {
    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// How often the circuit has changed or was forced or reset; results of calls that an earlier
    /// generation admitted do not count. Wraps around.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Failures since the last success.
    #[must_use]
    pub fn consecutive_failures(&self) -> u32 {
        self.consecutive_failures
    }

    /// Calls in the window of the failure rate; 0 without that rule.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.failed.map_or(0, |(calls, _)| calls)
    }

    /// Failures in the window of the failure rate; 0 without that rule.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.map_or(0, |(_, bad)| bad)
    }

    /// The failure rate from 0 to 1, or `None` without calls or without that rule.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        rate(self.failed)
    }

    /// Slow calls in their window; 0 without that rule.
    #[must_use]
    pub fn slow_calls(&self) -> u64 {
        self.slow.map_or(0, |(_, bad)| bad)
    }

    /// The rate of slow calls from 0 to 1, or `None` without calls or without that rule.
    #[must_use]
    pub fn slow_rate(&self) -> Option<f64> {
        rate(self.slow)
    }

    /// Probes under way whose lease has not ended.
    #[must_use]
    pub fn probes(&self) -> usize {
        self.probes
    }

    /// How long until the next call becomes a probe: zero where the open time is over, `None`
    /// where the circuit is not open or was forced open without an end.
    #[must_use]
    pub fn until_half_open(&self) -> Option<Duration> {
        self.until_half_open
    }

    /// Whether the circuit is held open or closed by hand.
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.forced
    }
}

fn rate(counts: Option<(u64, u64)>) -> Option<f64> {
    counts
        .filter(|(calls, _)| *calls > 0)
        .map(|(calls, bad)| bad as f64 / calls as f64)
}
