use std::time::Duration;

use tokio::time::Instant;

use crate::circuit::Circuit;
use crate::transition::{OpenedBy, State};

/// One circuit at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the circuit does with the next call.
    pub state: State,
    /// How often the circuit has changed or was forced or reset. Results of calls that an earlier
    /// generation admitted do not count. Wraps around.
    pub generation: u32,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Calls in the window of the failure rate; 0 without that rule.
    pub calls: u64,
    /// Failures in the window of the failure rate; 0 without that rule.
    pub failures: u64,
    /// Calls in the window of slow calls, slow or not; 0 without that rule.
    pub timed_calls: u64,
    /// Slow calls in their window; 0 without that rule.
    pub slow_calls: u64,
    /// The share of the calls that a closed circuit admits while it has not
    /// [ramped](crate::CircuitBreakerLayer::ramp) up to all of them, from 0 to 1.
    pub ramping: Option<f64>,
    /// Probes under way whose lease has not ended.
    pub probes: usize,
    /// How long until the next call becomes a probe: zero where the open time is over, `None`
    /// where the circuit is not open or was forced open without an end.
    pub until_half_open: Option<Duration>,
    /// Whether the circuit is held open or closed by hand, where it is forced open for a time until
    /// that is over.
    pub forced: bool,
    /// Whether the circuit is open because the service is
    /// [`Exhausted`](crate::Verdict::Exhausted).
    pub exhausted: bool,
    /// Calls that were answered with [`Open`](crate::Open), since the circuit was made or reset.
    pub rejections: u64,
    /// Why the circuit opened last, also once it is closed again; `None` if it never opened, or
    /// was reset since.
    pub opened_by: Option<OpenedBy>,
}

impl Snapshot {
    pub(crate) fn of(circuit: &mut Circuit, now: Instant) -> Self {
        let open_until = circuit.open_until();
        let ramping = circuit.ramping(now);
        let rules = circuit.rules();
        let failed = rules.failures(now).unwrap_or_default();
        let slow = rules.slow(now).unwrap_or_default();
        Self {
            consecutive_failures: rules.consecutive_failures(),
            calls: failed.calls,
            failures: failed.bad,
            timed_calls: slow.calls,
            slow_calls: slow.bad,
            state: circuit.state(),
            generation: circuit.generation(),
            ramping,
            probes: circuit.probes(now),
            until_half_open: open_until.map(|until| until.saturating_duration_since(now)),
            forced: circuit.is_forced(now),
            exhausted: circuit.is_exhausted(),
            rejections: circuit.rejections(),
            opened_by: circuit.opened_by(),
        }
    }

    /// The failure rate from 0 to 1, or `None` without calls or without that rule.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        rate(self.failures, self.calls)
    }

    /// The rate of slow calls from 0 to 1, or `None` without calls or without that rule.
    #[must_use]
    pub fn slow_rate(&self) -> Option<f64> {
        rate(self.slow_calls, self.timed_calls)
    }
}

fn rate(bad: u64, calls: u64) -> Option<f64> {
    (calls > 0).then(|| bad as f64 / calls as f64)
}
